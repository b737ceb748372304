/**
 * The stacks of the CDK app in moto's CloudFormation, on an account as `cdk bootstrap` leaves it, and what moto says that
 * it has of them.
 * @module
 */
import { type Resource, type Templates } from "../infra/synthesise.ts";
import { STACK_PARTS, stackName } from "../../infra/roomtone.ts";

/** The account and region that moto plays. */
export const ACCOUNT = "123456789012";
export const REGION = "us-east-1";

/** What CDK's templates take from a bootstrapped account. */
const BOOTSTRAP_VERSION = "/cdk-bootstrap/hnb659fds/version";
const ASSETS = `cdk-hnb659fds-assets-${ACCOUNT}-${REGION}`;

/** An empty zip archive: its end record, and nothing before it. moto never runs the functions. */
const EMPTY_ZIP = new Uint8Array([0x50, 0x4b, 5, 6, ...new Array<number>(18).fill(0)]);

/**
 * moto refuses a stack as a whole where something takes an attribute of what it does not make. The dashboard takes the
 * alarms' ARNs; the output takes the API's address.
 */
const LEFT_OUT = { types: ["AWS::CloudWatch::Dashboard"], outputs: ["Url"] };

/** A resource that moto made, with the properties that the template gives it. */
export interface Made {
  part: string;
  id: string;
  type: string;
  physicalId: string;
  /** With references filled in, as CloudFormation would. */
  properties: Record<string, unknown>;
}

/** What became of the templates. */
export interface MotoStacks {
  made: Made[];
  /** Resources that are in a template and not in moto: the type, and the stack's part. */
  skipped: [type: string, part: string][];
}

/** A request of moto; it checks no signature, but reads the service's name in it. @throws Error unless it is done */
export async function motoCall(
  endpoint: string,
  service: string,
  { path = "", method = "POST", headers = {}, body }: {
    path?: string;
    method?: string;
    headers?: Record<string, string>;
    body?: string | Uint8Array<ArrayBuffer> | URLSearchParams;
  },
): Promise<string> {
  const authorization = `AWS4-HMAC-SHA256 Credential=local/20260101/${REGION}/${service}/aws4_request`;
  const reply = await fetch(`${endpoint}${path}`, { method, headers: { ...headers, authorization }, body });
  const text = await reply.text();
  if (!reply.ok) throw new Error(`moto's ${service} ${path} says ${reply.status}: ${text.slice(0, 500)}`);
  return text;
}

/** A request with a form, answered in XML. */
export function motoForm(endpoint: string, service: string, fields: Record<string, string>): Promise<string> {
  return motoCall(endpoint, service, { body: new URLSearchParams(fields) });
}

/** A request in JSON. @param target such as `AmazonSSM.PutParameter` */
export async function motoJson(
  endpoint: string,
  service: string,
  target: string,
  body: object,
): Promise<Record<string, unknown>> {
  const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": target };
  return JSON.parse(await motoCall(endpoint, service, { headers, body: JSON.stringify(body) }));
}

/** Creates the stacks, each after those that it imports from. */
export async function createStacks(endpoint: string, stage: string, templates: Templates): Promise<MotoStacks> {
  await bootstrap(endpoint, templates);
  const made: Made[] = [];
  const skipped: [string, string][] = [];
  for (const part of STACK_PARTS) {
    const template = templates.byPart[part].toJSON() as Template;
    await motoForm(endpoint, "cloudformation", {
      ...{ Action: "CreateStack", Version: "2010-05-15", StackName: stackName(stage, part) },
      ...{ "Capabilities.member.1": "CAPABILITY_IAM", TemplateBody: JSON.stringify(withoutLeftOut(template)) },
    });
    const ids = await physicalIds(endpoint, stackName(stage, part));
    for (const [id, { Type, Properties = {} }] of Object.entries(template.Resources)) {
      const physicalId = ids.get(id);
      if (physicalId === undefined) skipped.push([Type, part]);
      else made.push({ part, id, type: Type, physicalId, properties: Properties });
    }
  }
  const exported = await listExports(endpoint);
  for (const each of made) {
    const own = new Map(made.filter(({ part }) => part === each.part).map((other) => [other.id, other]));
    each.properties = filledIn(each.properties, own, exported) as Record<string, unknown>;
  }
  return { made, skipped };
}

interface Template {
  Resources: Record<string, Resource>;
  Outputs?: Record<string, unknown>;
}

/** What `cdk bootstrap` and the upload of assets do before the first stack. */
async function bootstrap(endpoint: string, templates: Templates): Promise<void> {
  await motoJson(endpoint, "ssm", "AmazonSSM.PutParameter", { Name: BOOTSTRAP_VERSION, Value: "21", Type: "String" });
  await motoCall(endpoint, "s3", { method: "PUT", path: `/${ASSETS}` });
  const codes = Object.values(templates.resources("AWS::Lambda::Function")).map(({ Properties }) => Properties["Code"]);
  for (const key of new Set(codes.map((code) => (code as { S3Key: string }).S3Key))) {
    await motoCall(endpoint, "s3", { method: "PUT", path: `/${ASSETS}/${key}`, body: EMPTY_ZIP });
  }
}

function withoutLeftOut(template: Template): Template {
  const keep = <T>(all: Record<string, T>, kept: (entry: [string, T]) => boolean) =>
    Object.fromEntries(Object.entries(all).filter(kept));
  return {
    ...template,
    Resources: keep(template.Resources, ([, { Type }]) => !LEFT_OUT.types.includes(Type)),
    Outputs: keep(template.Outputs ?? {}, ([name]) => !LEFT_OUT.outputs.includes(name)),
  };
}

/** What moto has of a stack: names or ids of resources, by their ids in the template. Some are there without one. */
async function physicalIds(endpoint: string, stack: string): Promise<Map<string, string>> {
  const text = await motoForm(endpoint, "cloudformation", {
    ...{ Action: "DescribeStackResources", Version: "2010-05-15", StackName: stack },
  });
  const found = new Map<string, string>();
  for (const [, member = ""] of text.matchAll(/<member>(.*?)<\/member>/gs)) {
    const id = /<LogicalResourceId>(.+?)</.exec(member)?.[1];
    const physicalId = /<PhysicalResourceId>(.+?)</.exec(member)?.[1];
    if (id !== undefined && physicalId !== undefined) found.set(id, physicalId);
  }
  return found;
}

async function listExports(endpoint: string): Promise<Map<string, string>> {
  const text = await motoForm(endpoint, "cloudformation", { Action: "ListExports", Version: "2010-05-15" });
  const members = [...text.matchAll(/<member>(.*?)<\/member>/gs)];
  return new Map(members.map(([, member = ""]) => [
    /<Name>(.+?)</.exec(member)?.[1] ?? "",
    /<Value>(.+?)</.exec(member)?.[1] ?? "",
  ]));
}

/** ARNs as AWS documents them, by type; moto leaves `:*` out at the end of a log group's. */
const ARNS: Record<string, (name: string) => string> = {
  "AWS::DynamoDB::Table": (name) => `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/${name}`,
  "AWS::S3::Bucket": (name) => `arn:aws:s3:::${name}`,
  "AWS::SQS::Queue": (url) => `arn:aws:sqs:${REGION}:${ACCOUNT}:${url.split("/").at(-1)}`,
  "AWS::IAM::Role": (name) => `arn:aws:iam::${ACCOUNT}:role/${name}`,
  "AWS::Lambda::Function": (name) => `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}`,
  "AWS::ECS::Cluster": (name) => `arn:aws:ecs:${REGION}:${ACCOUNT}:cluster/${name}`,
  "AWS::Logs::LogGroup": (name) => `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:${name}`,
};

const PSEUDO: Record<string, string> = {
  ...{ "AWS::AccountId": ACCOUNT, "AWS::Region": REGION, "AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com" },
};

/** A value with what CloudFormation fills in; what refers to something that moto did not make stays as it is. */
function filledIn(value: unknown, made: Map<string, Made>, exported: Map<string, string>): unknown {
  const fill = (each: unknown) => filledIn(each, made, exported);
  if (Array.isArray(value)) return value.map(fill);
  if (typeof value !== "object" || value === null) return value;
  const [[name, argument] = ["", undefined]] = Object.entries(value);
  if (name === "Ref") return made.get(String(argument))?.physicalId ?? PSEUDO[String(argument)] ?? value;
  if (name === "Fn::ImportValue") return exported.get(String(argument)) ?? value;
  if (name === "Fn::GetAtt") {
    const [id, attribute] = argument as [string, string];
    const { type = "", physicalId = "" } = made.get(id) ?? {};
    return attribute === "Arn" ? ARNS[type]?.(physicalId) ?? value : attribute === "GroupId" ? physicalId : value;
  }
  if (name === "Fn::Sub") return String(argument).replace(/\$\{(.*?)\}/g, (all, key) => PSEUDO[key] ?? all);
  if (name === "Fn::Join") {
    const [separator, parts] = argument as [string, unknown[]];
    return parts.map(fill).join(separator);
  }
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, fill(each)]));
}
