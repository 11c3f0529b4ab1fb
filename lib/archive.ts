/** The archive: a stage that gets every event, and where it puts them. */
import { Duration, RemovalPolicy, Size, Stack, Validations } from 'aws-cdk-lib';
import { CfnDatabase, CfnTable } from 'aws-cdk-lib/aws-glue';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { Compression, DeliveryStream, S3Bucket, StreamEncryption } from 'aws-cdk-lib/aws-kinesisfirehose';
import { BlockPublicAccess, Bucket, BucketEncryption, CfnBucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { ARCHIVE, ARCHIVE_BUFFER, HOUR_EXPRESSION } from '../contract/archive.ts';
import { ENV } from '../contract/environment.ts';
import type { ArchiveDestination, ResolvedConfig } from '../config/index.ts';
import { kept, optional, type PipelineSettings } from './context.ts';
import type { SluiceFunction } from './function.ts';

export type ArchiveSettings = NonNullable<ResolvedConfig['archive']>;

/** It waits for Firehose, and does nothing else. */
const CONCURRENCY = 10;

const DESTINATION: ArchiveDestination = {
  id: ARCHIVE,
  type: 'archive',
  maxConcurrency: CONCURRENCY,
  enabled: true,
};

/** Before the canary's are added, whose events it does not get. */
export const withArchive = (config: ResolvedConfig): ResolvedConfig =>
  config.archive === undefined ? config : { ...config, destinations: [...config.destinations, DESTINATION] };

/** Megabytes after which Firehose writes a file before its time. */
const BUFFER_SIZE = Size.mebibytes(64);

const ROLE_ACTIONS = ['s3:GetObject*', 's3:GetBucket*', 's3:List*', 's3:DeleteObject*', 's3:Abort*'];

/** Columns of the table; `lambdas/core/event/archive-line.ts` writes them. */
const COLUMNS = [
  ['v', 'int'],
  ['key', 'string'],
  ['sequence', 'string'],
  ['place', 'int'],
  ['source', 'string'],
  ['receivedat', 'string'],
  ['archivedat', 'bigint'],
  ['messageid', 'string'],
  ['type', 'string'],
  // JSON, for json_extract.
  ['event', 'string'],
] as const;

/**
 * A stream of Firehose that writes gzip files by the hour to a bucket, and a table by which Athena reads them. The stage `archive` sends to the
 * stream; control reads the files when an operator replays events.
 */
export class ArchiveStore extends Construct {
  readonly bucket: IBucket;
  readonly stream: DeliveryStream;
  readonly #prefix: string;

  constructor(scope: Construct, id: string, context: PipelineSettings, settings: ArchiveSettings) {
    super(scope, id);
    const { prefix, bucket } = settings;
    this.#prefix = prefix;
    this.bucket =
      bucket === undefined
        ? (this.#makeBucket(context, settings) as IBucket)
        : Bucket.fromBucketName(this, 'Bucket', bucket);
    this.stream = new DeliveryStream(this, 'Stream', {
      encryption: context.encryptionKey
        ? StreamEncryption.customerManagedKey(context.encryptionKey)
        : StreamEncryption.awsOwnedKey(),
      destination: new S3Bucket(this.bucket, {
        dataOutputPrefix: `${prefix}${HOUR_EXPRESSION}`,
        errorOutputPrefix: `errors/${prefix}!{firehose:error-output-type}/`,
        bufferingInterval: Duration.seconds(ARCHIVE_BUFFER),
        bufferingSize: BUFFER_SIZE,
        compression: Compression.GZIP,
        ...optional('encryptionKey', context.encryptionKey),
      }),
    });
    this.#makeTable();
    // What the CDK gives to the stream's role.
    for (const what of [
      ...ROLE_ACTIONS.map((action) => `Action::${action}`),
      `Resource::${this.#arnInRules}/*`,
    ])
      Validations.of(this.stream).acknowledge({
        id: `AwsSolutions-IAM5[${what}]`,
        reason: "Firehose's role writes objects of the archive's bucket, whose names it makes.",
      });
  }

  get streamArn(): string {
    return this.stream.deliveryStreamArn;
  }

  /** Lets control read what was archived, and tells it where that is. */
  connectControl(control: SluiceFunction): void {
    control.lambda.addEnvironment(ENV.archiveBucket, this.bucket.bucketName);
    control.allow(['s3:ListBucket'], [this.bucket.bucketArn], {
      StringLike: { 's3:prefix': `${this.#prefix}*` },
    });
    control.allow(['s3:GetObject'], [this.bucket.arnForObjects(`${this.#prefix}*`)]);
    const key = this.bucket.encryptionKey;
    if (key !== undefined) control.allow(['kms:Decrypt'], [key.keyArn]);
    Validations.of(control).acknowledge({
      id: `AwsSolutions-IAM5[Resource::${this.#arnInRules}/${this.#prefix}*]`,
      reason:
        "A replay reads any object of the archive, whose names Firehose makes; limited to the archive's prefix.",
    });
  }

  /** For programs that read the archive. */
  grantRead(grantee: IGrantable): Grant {
    return this.bucket.grantRead(grantee, `${this.#prefix}*`);
  }

  /** The bucket, as cdk-nag names it. */
  get #arnInRules(): string {
    const { defaultChild } = this.bucket.node;
    return defaultChild instanceof CfnBucket
      ? `<${Stack.of(this).getLogicalId(defaultChild)}.Arn>`
      : `arn:<AWS::Partition>:s3:::${this.bucket.bucketName}`;
  }

  #makeBucket({ encryptionKey, removalPolicy }: PipelineSettings, { days }: ArchiveSettings): Bucket {
    const bucket = new Bucket(this, 'Bucket', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      ...(encryptionKey
        ? { encryption: BucketEncryption.KMS, encryptionKey, bucketKeyEnabled: true }
        : { encryption: BucketEncryption.S3_MANAGED }),
      // What is archived outlives a stack that is removed; an empty bucket can be removed with it.
      removalPolicy:
        kept(removalPolicy) === RemovalPolicy.DESTROY ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
      lifecycleRules: [
        { abortIncompleteMultipartUploadAfter: Duration.days(7) },
        ...(days === undefined ? [] : [{ expiration: Duration.days(days) }]),
      ],
    });
    Validations.of(bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason:
        'Access is logged by CloudTrail where an account wants it; a bucket of logs would be one more to keep.',
    });
    return bucket;
  }

  /** Partitions are projected: nothing has to be added to the table when an hour begins. */
  #makeTable(): void {
    const { account } = Stack.of(this);
    const database = new CfnDatabase(this, 'Database', {
      catalogId: account,
      databaseInput: { description: 'Sluice: archived events' },
    });
    const location = `s3://${this.bucket.bucketName}/${this.#prefix}`;
    new CfnTable(this, 'Table', {
      catalogId: account,
      databaseName: database.ref,
      tableInput: {
        name: 'events',
        tableType: 'EXTERNAL_TABLE',
        partitionKeys: [
          { name: 'date', type: 'string' },
          { name: 'hour', type: 'string' },
        ],
        parameters: {
          classification: 'json',
          'projection.enabled': 'true',
          'projection.date.type': 'date',
          'projection.date.format': 'yyyy-MM-dd',
          'projection.date.range': '2026-01-01,NOW',
          'projection.hour.type': 'integer',
          'projection.hour.range': '0,23',
          'projection.hour.digits': '2',
          'storage.location.template': `${location}date=\${date}/hour=\${hour}/`,
        },
        storageDescriptor: {
          location,
          columns: COLUMNS.map(([name, type]) => ({ name, type })),
          inputFormat: 'org.apache.hadoop.mapred.TextInputFormat',
          outputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
          serdeInfo: { serializationLibrary: 'org.openx.data.jsonserde.JsonSerDe' },
        },
      },
    });
  }
}
