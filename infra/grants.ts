/**
 * Rights on what holds data: actions by name, on resources by name.
 * @module
 */
import type { Stack } from "aws-cdk-lib";
import type { Table } from "aws-cdk-lib/aws-dynamodb";
import { type IGrantable, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { TABLE } from "@roomtone/functions/deploy";

/** What may be done with single items. */
export type ItemAction =
  | "GetItem"
  | "BatchGetItem"
  | "Query"
  | "PutItem"
  | "UpdateItem"
  | "DeleteItem"
  | "ConditionCheckItem";

/** Allows these actions on a table's items. @param keyPrefix only items whose partition key begins so */
export function grantItems(
  grantee: IGrantable,
  table: Table,
  actions: readonly ItemAction[],
  keyPrefix?: string,
): void {
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({
      actions: actions.map((action) => `dynamodb:${action}`),
      resources: [table.tableArn],
      ...(keyPrefix !== undefined && {
        conditions: { "ForAllValues:StringLike": { "dynamodb:LeadingKeys": [`${keyPrefix}*`] } },
      }),
    }),
  );
}

/** Allows to query the state table's indexes. */
export function grantIndexes(grantee: IGrantable, state: Table): void {
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({
      actions: ["dynamodb:Query"],
      resources: TABLE.indexes.map(({ name }) => `${state.tableArn}/index/${name}`),
    }),
  );
}

/**
 * Allows to read one identity's parameter. Decryption takes no right of its own: it is encrypted with the key that AWS
 * keeps for parameters.
 */
export function grantIdentity(grantee: IGrantable, stack: Stack, parameter: string): void {
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({
      actions: ["ssm:GetParameter"],
      resources: [stack.formatArn({ service: "ssm", resource: "parameter", resourceName: parameter.slice(1) })],
    }),
  );
}
