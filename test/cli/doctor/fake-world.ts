/** An account of AWS with a stack in it that is as its template says, but for one thing. */
import { formerId, type Orphan } from '../../../contract/status.ts';
import type { MetricId, Place, SecretState, World } from '../../../cli/doctor/world.ts';
import { NotRead } from '../../../cli/doctor/finding.ts';
import { secretNames } from '../../../cli/doctor/checks/secrets.ts';
import { resourcesOf, type TemplateTree } from '../../../local/template/tree.ts';
import { UsageError } from '../../../local/common/settings.ts';

export const PLANTS = [
  'the configuration is refused',
  'the first deployment failed',
  'the last deployment cannot be rolled back',
  'no bootstrap',
  'an old bootstrap',
  'a secret is absent',
  'a secret is marked for deletion',
  'a new account',
  'no room for reservations',
  'no role for logs',
  'a mail is not confirmed',
  'a URL is not confirmed',
  'somebody has unsubscribed',
  'a queue has lost its mode',
  'a queue is gone',
  'a bus is gone',
  'a bus of another region is gone',
  'a removed destination has left events',
  'a destination has left a former queue',
  'an alarm is gone',
  'an alarm watches a metric of another name',
  'an alarm watches other dimensions',
  'an alarm watches a queue that is gone',
  'other code is deployed',
  'a destination is not deployed',
  'a resource is deployed that is not configured',
] as const;
export type Plant = (typeof PLANTS)[number];

const ACCOUNT = 'arn:aws:sns:eu-west-1:111122223333';

/** What CloudFormation would call a resource. */
const physicalOf = (type: string, id: string, properties: Readonly<Record<string, unknown>>): string => {
  switch (type) {
    case 'AWS::SQS::Queue':
      return `https://sqs.eu-west-1.amazonaws.com/111122223333/${id}.fifo`;
    case 'AWS::SNS::Topic':
      return `${ACCOUNT}:${id}`;
    case 'AWS::SNS::Subscription':
      return `${ACCOUNT}:${(properties['TopicArn'] as { readonly Ref: string }).Ref}:${id}`;
    case 'AWS::CloudWatch::Alarm':
      return String(properties['AlarmName']);
    default:
      return `Shop-${id}`;
  }
};

const last = (physical: string): string => physical.replace(/^.*[/:]/, '');

interface Watched {
  readonly Namespace?: string;
  readonly MetricName?: string;
  readonly Dimensions?: readonly { readonly Name: string; readonly Value: unknown }[];
  readonly Metrics?: readonly { readonly MetricStat?: { readonly Metric: Watched } }[];
}

export class FakeWorld implements World {
  readonly place: Place;
  readonly options = ' --region eu-west-1';
  readonly control = ' --stack Shop --region eu-west-1';
  readonly physical: ReadonlyMap<string, string>;
  /** Metrics that had data; default: all that alarms watch. */
  written: (metric: MetricId) => boolean = () => true;
  readonly #tree: TemplateTree;
  readonly #plant: Plant | undefined;

  constructor(tree: TemplateTree, place: Place, plant?: Plant) {
    this.#tree = tree;
    this.place = place;
    this.#plant = plant;
    this.physical = new Map(
      resourcesOf(tree).map(({ id, type, properties }) => [id, physicalOf(type, id, properties)]),
    );
  }

  #has(plant: Plant): boolean {
    return this.#plant === plant;
  }

  #first(type: string): string {
    const found = resourcesOf(this.#tree).find((one) => one.type === type);
    return this.physical.get(found?.id ?? '') ?? '';
  }

  wanted = (): Promise<TemplateTree> =>
    this.#has('the configuration is refused')
      ? Promise.reject(new UsageError('destinations[0].url: is not a URL'))
      : Promise.resolve(this.#tree);

  #deployedResources(): NonNullable<TemplateTree['template']['Resources']> {
    const { Resources = {} } = this.#tree.template;
    const [name = '', found] =
      Object.entries(Resources).find(([, { Type }]) => Type === 'AWS::Lambda::Function') ?? [];
    const others = Object.fromEntries(Object.entries(Resources).filter(([id]) => id !== name));
    if (this.#has('a destination is not deployed')) return others;
    if (this.#has('a resource is deployed that is not configured'))
      return { ...Resources, Old: { Type: 'AWS::SQS::Queue', Properties: {} } };
    if (!this.#has('other code is deployed') || found === undefined) return Resources;
    return {
      ...others,
      [name]: { ...found, Properties: { ...found.Properties, Code: { S3Key: 'other.zip' } } },
    };
  }

  deployed = () => {
    if (this.place === 'account') return Promise.reject(new NotRead('nothing is deployed yet'));
    const status = this.#has('the first deployment failed')
      ? 'ROLLBACK_FAILED'
      : this.#has('the last deployment cannot be rolled back')
        ? 'UPDATE_ROLLBACK_FAILED'
        : 'UPDATE_COMPLETE';
    const template = { ...this.#tree.template, Resources: this.#deployedResources() };
    return Promise.resolve({
      name: 'Shop',
      status,
      tree: { ...this.#tree, template },
      physical: () => this.physical,
    });
  };

  concurrency = () => {
    if (this.#has('a new account')) return Promise.resolve({ limit: 10, unreserved: 10 });
    if (this.#has('no room for reservations')) return Promise.resolve({ limit: 1000, unreserved: 104 });
    return Promise.resolve({ limit: 1000, unreserved: 995 });
  };

  logRole = () =>
    Promise.resolve(this.#has('no role for logs') ? undefined : 'arn:aws:iam::111122223333:role/logs');

  bootstrapVersion = (parameter: string) => {
    if (parameter !== '/cdk-bootstrap/hnb659fds/version') throw new Error(parameter);
    if (this.#has('no bootstrap')) return Promise.resolve(undefined);
    return Promise.resolve(this.#has('an old bootstrap') ? '5' : '28');
  };

  secret = (name: string): Promise<SecretState> => {
    const isFirst = name === secretNames(this.#tree)[0];
    if (isFirst && this.#has('a secret is absent')) return Promise.resolve('absent');
    if (isFirst && this.#has('a secret is marked for deletion')) return Promise.resolve('being deleted');
    return Promise.resolve('there');
  };

  queueAttributes = (url: string) => {
    const id = [...this.physical].find(([, physical]) => physical === url)?.[0];
    const properties = resourcesOf(this.#tree).find((one) => one.id === id)?.properties ?? {};
    const isFirst = url === this.#first('AWS::SQS::Queue');
    if (isFirst && this.#has('a queue is gone')) return Promise.resolve(undefined);
    return Promise.resolve({
      DeduplicationScope: String(properties['DeduplicationScope']),
      FifoThroughputLimit:
        isFirst && this.#has('a queue has lost its mode')
          ? 'perQueue'
          : String(properties['FifoThroughputLimit']),
    });
  };

  hasBus = (bus: string): Promise<boolean> => {
    if (bus.includes(':444455556666:')) return Promise.reject(new NotRead('DescribeEventBus is forbidden'));
    return Promise.resolve(
      !(bus === 'company' && this.#has('a bus is gone')) &&
        !(bus.includes(':us-east-1:') && this.#has('a bus of another region is gone')),
    );
  };

  leftBehind = (): Promise<readonly Orphan[]> => {
    const queue = { visible: 3, inFlight: 1 };
    const left = { id: 'old', queue, queueName: 'old.fifo', deadLetters: 2, parkedKeys: 1 };
    if (this.#has('a removed destination has left events')) return Promise.resolve([left]);
    return Promise.resolve(
      this.#has('a destination has left a former queue')
        ? [{ ...left, id: formerId('crm', 'old.fifo'), parkedKeys: 0 }]
        : [],
    );
  };

  subscriptions = (topicArn: string) =>
    Promise.resolve(
      resourcesOf(this.#tree).flatMap(({ id, type, properties }) => {
        const arn = this.physical.get(id) ?? '';
        if (type !== 'AWS::SNS::Subscription' || !arn.startsWith(`${topicArn}:`)) return [];
        const protocol = String(properties['Protocol']);
        if (protocol === 'https' && this.#has('somebody has unsubscribed')) return [];
        const isPending =
          (protocol === 'email' && this.#has('a mail is not confirmed')) ||
          (protocol === 'https' && this.#has('a URL is not confirmed'));
        return [
          {
            arn: isPending ? 'PendingConfirmation' : arn,
            protocol,
            endpoint: protocol === 'https' ? 'https://pager.example.com/key-of-mine' : 'ops@example.com',
          },
        ];
      }),
    );

  #value(value: unknown): string {
    const { Ref: ref, 'Fn::GetAtt': attribute } = value as { Ref?: string; 'Fn::GetAtt'?: string[] };
    const id = ref ?? attribute?.[0];
    return id === undefined ? String(value) : last(this.physical.get(id) ?? '');
  }

  #metric({ Namespace = '', MetricName = '', Dimensions = [] }: Watched): MetricId {
    const dimensions = Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name, this.#value(Value)]));
    return { namespace: Namespace, name: MetricName, dimensions };
  }

  /** As the template has them. */
  #watched(): readonly { readonly name: string; readonly metrics: readonly MetricId[] }[] {
    return resourcesOf(this.#tree).flatMap(({ type, properties }) => {
      if (type !== 'AWS::CloudWatch::Alarm') return [];
      const { Metrics = [], ...alarm } = properties as Watched;
      const metrics =
        alarm.MetricName === undefined
          ? Metrics.flatMap(({ MetricStat }) => MetricStat?.Metric ?? [])
          : [alarm];
      return [
        { name: String(properties['AlarmName']), metrics: metrics.map((metric) => this.#metric(metric)) },
      ];
    });
  }

  #broken(metric: MetricId): MetricId {
    const { name, dimensions } = metric;
    if (name === 'Heartbeat' && this.#has('an alarm watches a metric of another name'))
      return { ...metric, name: 'HeartBeats' };
    if (name === 'Heartbeat' && this.#has('an alarm watches other dimensions'))
      return { ...metric, dimensions: { ...dimensions, Stage: 'router' } };
    if ('QueueName' in dimensions && this.#has('an alarm watches a queue that is gone'))
      return { ...metric, dimensions: { QueueName: 'gone.fifo' } };
    return metric;
  }

  alarms = (names: readonly string[]) => {
    const all = this.#watched().map(({ name, metrics }) => ({
      name,
      metrics: metrics.map((metric) => this.#broken(metric)),
    }));
    const there = this.#has('an alarm is gone') ? all.slice(1) : all;
    return Promise.resolve(there.filter(({ name }) => names.includes(name)));
  };

  metrics = (namespace: string, name: string) =>
    Promise.resolve(
      this.#watched()
        .flatMap(({ metrics }) => metrics)
        .filter((one) => one.namespace === namespace && one.name === name && this.written(one)),
    );
}
