import { Metrics as EmfRecord, MetricUnit } from "@aws-lambda-powertools/metrics";
import { labelOf, type MetricName, METRICS, METRICS_NAMESPACE } from "../../contract/metrics.ts";
import type { WrittenMetrics } from "../../ports/metrics.ts";

const UNITS = { count: MetricUnit.Count, bytes: MetricUnit.Bytes, seconds: MetricUnit.Seconds } as const;
/** Values of one metric in a record: CloudWatch takes 100, and Powertools writes a record with so many by itself. */
const MOST_VALUES = 99;

interface Series {
  name: MetricName;
  label: Record<string, string>;
  values: number[];
}

/**
 * Metrics for CloudWatch: records in the embedded metric format, one line each in the process's log, from which
 * CloudWatch makes metrics of namespace `Roomtone` by `service` and, where a metric has one, its label. Requests are not
 * among them: API Gateway counts and times those itself.
 * @param service the process, such as `poller`
 * @param write takes one line, without its end
 */
export function emfMetrics(service: string, write: (line: string) => void): WrittenMetrics {
  const gathered = new Map<string, Series>();
  const series = (name: MetricName, value: string | undefined): Series => {
    const label = labelOf(name, value);
    const key = [name, ...Object.values(label)].join(" ");
    let found = gathered.get(key);
    if (found === undefined) gathered.set(key, found = { name, label, values: [] });
    return found;
  };
  return {
    count(name, value = 1, label) {
      const { values } = series(name, label);
      values[0] = (values[0] ?? 0) + value;
    },
    set: (name, value) => series(name, undefined).values[0] = value,
    observe: (name, value, label) => void series(name, label).values.push(value),
    request() {},
    flush() {
      const records: { label: Record<string, string>; record: EmfRecord; names: Set<string> }[] = [];
      for (const { name, label, values } of gathered.values()) {
        const { unit } = METRICS[name];
        for (let from = 0; from < values.length; from += MOST_VALUES) {
          // A record has one set of dimensions, and a metric once.
          let open = records.find((each) => sameLabel(each.label, label) && !each.names.has(name));
          if (open === undefined) {
            const record = new EmfRecord({ namespace: METRICS_NAMESPACE, serviceName: service });
            for (const [key, value] of Object.entries(label)) record.addDimension(key, value);
            records.push(open = { label, record, names: new Set() });
          }
          open.names.add(name);
          for (const value of values.slice(from, from + MOST_VALUES)) {
            open.record.addMetric(name, UNITS[unit], value);
          }
        }
      }
      gathered.clear();
      for (const { record } of records) write(JSON.stringify(record.serializeMetrics()));
    },
  };
}

function sameLabel(one: Record<string, string>, other: Record<string, string>): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
