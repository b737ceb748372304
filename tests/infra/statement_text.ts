import type { Statement, Templates } from "./synthesise.ts";

/** A value of a template as a short text: references by the logical id they lead to, without CDK's hash. */
export function valueText(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(valueText).join(", ");
  if (typeof value !== "object" || value === null) return String(value);
  if ("Ref" in value) return withoutHash(String(value.Ref));
  if ("Fn::GetAtt" in value) {
    const [id, attribute] = value["Fn::GetAtt"] as [string, string];
    return `${withoutHash(id)}.${attribute}`;
  }
  if ("Fn::ImportValue" in value) {
    const [, id = "", attribute = ""] =
      /:ExportsOutput(?:Ref|FnGetAtt)(\w+?[0-9A-F]{8})(?:([A-Z]\w*?))?[0-9A-F]{8}$/.exec(
        String(value["Fn::ImportValue"]),
      ) ?? [];
    return attribute === "" ? withoutHash(id) : `${withoutHash(id)}.${attribute}`;
  }
  if ("Fn::Join" in value) {
    const [between, parts] = value["Fn::Join"] as [string, unknown[]];
    return parts.map(valueText).join(between).replace("arn:AWS::Partition:", "arn:")
      .replace(/:[\w-]+:AWS::AccountId:/, ":here:");
  }
  // The names of what CDK's bootstrap made: the account and the region stand at their end.
  if ("Fn::Sub" in value) return String(value["Fn::Sub"]).replace(/-\$\{AWS::AccountId\}.*$/, "");
  return JSON.stringify(value);
}

function withoutHash(id: string): string {
  return id.replace(/(?<=^SchedulerRoleForTarget)\w+$/, "").replace(/[0-9A-F]{8}$/, "");
}

/** A statement as a line: `actions on resources if condition`. */
export function statementText({ Effect, Action, Resource, Condition }: Statement): string {
  const actions = [Action].flat().sort().join(" ");
  const condition = Condition === undefined ? "" : ` if ${conditionText(Condition)}`;
  return `${Effect === "Allow" ? "" : `${Effect} `}${actions} on ${valueText(Resource)}${condition}`;
}

function conditionText(condition: unknown): string {
  return Object.entries(condition as Record<string, Record<string, unknown>>).flatMap(([operator, tests]) =>
    Object.entries(tests).map(([key, value]) => `${operator} ${key} ${valueText(value)}`)
  ).join(" and ");
}

/** Every statement of every policy, by the logical id of the role that has it. */
export function rightsByRole(templates: Templates): Record<string, string[]> {
  const rights: Record<string, string[]> = {};
  for (const { Properties } of Object.values(templates.resources("AWS::IAM::Policy"))) {
    const { Statement } = Properties.PolicyDocument as { Statement: Statement[] };
    for (const role of Properties.Roles as unknown[]) {
      (rights[valueText(role)] ??= []).push(...Statement.map(statementText));
    }
  }
  for (const lines of Object.values(rights)) lines.sort();
  return rights;
}
