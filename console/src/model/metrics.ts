/** One number of the metrics page. */
export interface Sample {
  name: string;
  labels: Readonly<Record<string, string>>;
  value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (-?(?:\d[\d.e+-]*|Inf)|NaN)(?: \d+)?$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** Reads the text format of Prometheus; lines that are none of its samples are passed over. */
export function readMetrics(text: string): Sample[] {
  return text.split("\n").flatMap((line) => {
    const [, name, labels = "", value] = LINE.exec(line) ?? [];
    if (name === undefined || value === undefined) return [];
    const pairs = [...labels.matchAll(LABEL)].map(([, key = "", quoted = ""]) => [key, unescaped(quoted)]);
    return [{ name, labels: Object.fromEntries(pairs), value: Number(value.replace("Inf", "Infinity")) }];
  });
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_, each: string) => each === "n" ? "\n" : each);
}

/** The value of a metric without labels; `undefined` when it is not told. */
export function valueOf(samples: readonly Sample[], name: string): number | undefined {
  return samples.find((sample) => sample.name === name)?.value;
}

/** Values of a metric by one label, those that are not 0, the greatest first. */
export function valuesBy(samples: readonly Sample[], name: string, label: string): [value: string, count: number][] {
  return samples.filter((sample) => sample.name === name && sample.value !== 0)
    .map(({ labels, value }): [string, number] => [labels[label] ?? "", value])
    .sort(([, a], [, b]) => b - a);
}
