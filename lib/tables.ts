import { RemovalPolicy } from 'aws-cdk-lib';
import {
  AttributeType,
  Billing,
  ProjectionType,
  TableEncryptionV2,
  TableV2,
  type TablePropsV2,
} from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { ROUTER_STAGE } from '../contract/bundle.ts';
import { ENV } from '../contract/environment.ts';
import { HEAD_INDEX, INGEST, PARTITION, TABLE } from '../contract/tables.ts';
import { allowKey } from './encryption.ts';
import { kept, nameOf, optional, type PipelineSettings } from './context.ts';
import type { SluiceFunction } from './function.ts';

/**
 * The two tables: `state` has the stages' modes and the messages' attempts, `parking` has what is kept aside, parked and
 * rejected events. What a removed stack leaves behind is in here and in the queues, so both are retained.
 */
export class Tables extends Construct {
  readonly state: TableV2;
  readonly parking: TableV2;
  readonly #key: IKey | undefined;

  constructor(scope: Construct, id: string, context: PipelineSettings) {
    super(scope, id);
    this.#key = context.encryptionKey;
    const common = {
      partitionKey: { name: TABLE.partitionKey, type: AttributeType.STRING },
      sortKey: { name: TABLE.sortKey, type: AttributeType.STRING },
      billing: Billing.onDemand(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: context.removalPolicy !== RemovalPolicy.DESTROY,
      removalPolicy: kept(context.removalPolicy),
      // By default DynamoDB's own: a key of ours would be one more thing that can be unavailable.
      ...optional('encryption', encryptionOf(context)),
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
  }

  /** For `/health`: the system's mode, and no other item. */
  connectIngest(fn: SluiceFunction): void {
    fn.lambda.addEnvironment(ENV.stateTable, this.state.tableName);
    fn.allowItems(['dynamodb:GetItem'], [this.state.tableArn], [PARTITION.mode(ROUTER_STAGE)]);
    allowKey(fn, this.#key, 'dynamodb', 'read');
  }

  /**
   * For a stage's function: the items of its own stage. It also reads the router's mode, since a degraded system blocks every stage.
   * It records rejected events and cannot read or delete them. The router alone has the seen ids, and records what ingest could not read.
   *
   * All actions name their partition keys. One that does not, such as Scan, must not be added: `ForAllValues` holds for it.
   */
  connectStage(fn: SluiceFunction, stage: string): void {
    this.#connect(fn);
    const [state, parking] = [this.state.tableArn, this.parking.tableArn];
    const isRouter = stage === ROUTER_STAGE;
    const seen = isRouter ? [PARTITION.seen('*')] : [];
    const inState = [PARTITION.mode(stage), PARTITION.attempt(stage, '*'), ...seen];
    const parked = PARTITION.parked(stage, '*');
    // One statement for both tables: one BatchGetItem reads of both, and its keys are checked together.
    fn.allowItems(
      ['dynamodb:GetItem', 'dynamodb:BatchGetItem'],
      [state, parking],
      [...new Set([...inState, PARTITION.mode(ROUTER_STAGE), parked])],
    );
    fn.allowItems(['dynamodb:PutItem', 'dynamodb:UpdateItem'], [state], inState);
    fn.allowItems(
      ['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem', 'dynamodb:Query'],
      [parking],
      [parked],
    );
    const rejected = isRouter ? [stage, INGEST] : [stage];
    fn.allowItems(['dynamodb:PutItem'], [parking], rejected.map(PARTITION.rejected));
    fn.allowItems(['dynamodb:Query'], [this.#headIndexArn], [PARTITION.heads(stage, '*')]);
  }

  /** For control: every stage's modes, and what is kept aside in every stage, removed ones included. */
  connectControl(fn: SluiceFunction): void {
    this.#connect(fn);
    fn.allowItems(
      ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
      [this.state.tableArn],
      [PARTITION.mode('*'), PARTITION.pipeline, PARTITION.replays],
    );
    // An operator erases a user: the record of what has come before is made empty.
    fn.allowItems(['dynamodb:PutItem'], [this.state.tableArn], [PARTITION.seen('*')]);
    // ... and is put on the list of those whom a replay leaves out.
    fn.allowItems(['dynamodb:PutItem', 'dynamodb:Query'], [this.state.tableArn], [PARTITION.erased]);
    fn.allow(
      [
        'dynamodb:GetItem',
        'dynamodb:PutItem',
        'dynamodb:UpdateItem',
        'dynamodb:DeleteItem',
        'dynamodb:Query',
      ],
      [this.parking.tableArn],
    );
    fn.allow(['dynamodb:Query'], [this.#headIndexArn]);
  }

  #connect(fn: SluiceFunction): void {
    allowKey(fn, this.#key, 'dynamodb', 'readWrite');
    fn.lambda.addEnvironment(ENV.stateTable, this.state.tableName);
    fn.lambda.addEnvironment(ENV.parkingTable, this.parking.tableName);
  }

  get #headIndexArn(): string {
    return `${this.parking.tableArn}/index/${HEAD_INDEX.name}`;
  }
}

const encryptionOf = ({ encryptionKey }: PipelineSettings): TableEncryptionV2 | undefined =>
  encryptionKey && TableEncryptionV2.customerManagedKey(encryptionKey);
