import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, Billing, ProjectionType, TableV2, type TablePropsV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { ENV } from '../contract/environment.ts';
import { HEAD_INDEX, TABLE } from '../contract/tables.ts';
import { nameOf, optional, type PipelineContext } from './context.ts';
import type { SluiceFunction } from './function.ts';

/** The environment of every function that is allowed to use the tables. */
export type TableEnvironment = Readonly<Record<string, string>>;

/**
 * The two tables: `state` has the stages' modes and the messages' attempts, `parking` has what is kept aside, parked and
 * rejected events. What a removed stack leaves behind is in here and in the queues, so both are retained.
 */
export class Tables extends Construct {
  readonly state: TableV2;
  readonly parking: TableV2;
  /** For functions that read or write both tables. */
  readonly environment: TableEnvironment;
  /** For functions that know of the state table alone. */
  readonly stateEnvironment: TableEnvironment;

  constructor(scope: Construct, id: string, context: PipelineContext) {
    super(scope, id);
    const common = {
      partitionKey: { name: TABLE.partitionKey, type: AttributeType.STRING },
      sortKey: { name: TABLE.sortKey, type: AttributeType.STRING },
      billing: Billing.onDemand(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: context.removalPolicy !== RemovalPolicy.DESTROY,
      removalPolicy: context.removalPolicy,
      // Encryption is DynamoDB's own: a key of ours would be one more thing that can be unavailable.
    } satisfies Partial<TablePropsV2>;
    this.state = new TableV2(this, 'State', {
      ...common,
      ...optional('tableName', nameOf(context, 'state')),
      timeToLiveAttribute: TABLE.expires,
    });
    this.parking = new TableV2(this, 'Parking', {
      ...common,
      ...optional('tableName', nameOf(context, 'parking')),
      globalSecondaryIndexes: [
        {
          indexName: HEAD_INDEX.name,
          partitionKey: { name: HEAD_INDEX.partitionKey, type: AttributeType.STRING },
          sortKey: { name: HEAD_INDEX.sortKey, type: AttributeType.NUMBER },
          projectionType: ProjectionType.INCLUDE,
          nonKeyAttributes: [...HEAD_INDEX.attributes],
        },
      ],
    });
    this.stateEnvironment = { [ENV.stateTable]: this.state.tableName };
    this.environment = { ...this.stateEnvironment, [ENV.parkingTable]: this.parking.tableName };
  }

  /** Reading modes and attempts. */
  grantReadState(grantee: SluiceFunction): void {
    grantee.allow(['dynamodb:GetItem', 'dynamodb:BatchGetItem'], [this.state.tableArn]);
  }

  /** Changing modes, recording attempts, successes and seen events; includes reading. No function deletes anything there. */
  grantWriteState(grantee: SluiceFunction): void {
    this.grantReadState(grantee);
    grantee.allow(['dynamodb:PutItem', 'dynamodb:UpdateItem'], [this.state.tableArn]);
  }

  /** Parking messages, draining and discarding them, recording rejected events. */
  grantPark(grantee: SluiceFunction): void {
    const { tableArn } = this.parking;
    grantee.allow(
      [
        'dynamodb:GetItem',
        'dynamodb:BatchGetItem',
        'dynamodb:PutItem',
        'dynamodb:UpdateItem',
        'dynamodb:DeleteItem',
        'dynamodb:Query',
      ],
      [tableArn],
    );
    grantee.allow(['dynamodb:Query'], [`${tableArn}/index/${HEAD_INDEX.name}`]);
  }
}
