import { RemovalPolicy } from "aws-cdk-lib";
import * as dynamodb from "aws-cdk-lib/aws-dynamodb";
import { Construct } from "constructs";
import { type KeyAttribute, type TableShape } from "@roomtone/functions/deploy";

/** Options of {@link DataTable}. */
export interface DataTableProps {
  readonly tableName: string;
  readonly shape: TableShape;
  /** Whether the table outlives the stack, with deletion protection and point-in-time recovery. */
  readonly retain: boolean;
}

/** A table of a shape that the adapters are tested with. */
export class DataTable extends Construct {
  readonly table: dynamodb.Table;

  constructor(scope: Construct, id: string, { tableName, shape, retain }: DataTableProps) {
    super(scope, id);
    this.table = new dynamodb.Table(this, "Table", {
      tableName,
      partitionKey: attribute(shape.partitionKey),
      sortKey: attribute(shape.sortKey),
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      // Encrypted with the key that AWS owns: one of the account's own costs something for each request.
      encryption: dynamodb.TableEncryption.DEFAULT,
      ...(shape.streamViewType !== undefined && { stream: dynamodb.StreamViewType[shape.streamViewType] }),
      timeToLiveAttribute: shape.ttlAttribute,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: retain },
      deletionProtection: retain,
      removalPolicy: retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    for (const index of shape.indexes) {
      this.table.addGlobalSecondaryIndex({
        indexName: index.name,
        partitionKey: attribute(index.partitionKey),
        sortKey: attribute(index.sortKey),
        projectionType: dynamodb.ProjectionType.ALL,
      });
    }
  }
}

function attribute(key: KeyAttribute): dynamodb.Attribute {
  return { name: key.name, type: key.type === "S" ? dynamodb.AttributeType.STRING : dynamodb.AttributeType.NUMBER };
}
