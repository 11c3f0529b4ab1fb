import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { EventPipelineProps } from './event-pipeline-props.ts';
import { EventPipeline } from './event-pipeline.ts';

/** A stack of one pipeline, with what you need to know of it as outputs. */
export class SluiceStack extends Stack {
  readonly pipeline: EventPipeline;

  /** @throws ConfigError */
  constructor(scope: Construct, id: string, props: StackProps & { readonly pipeline: EventPipelineProps }) {
    const { pipeline, ...stackProps } = props;
    super(scope, id, {
      description: 'Sluice: an event pipeline',
      // A template may have 1 MB, of which spaces are a third.
      suppressTemplateIndentation: hasNested(pipeline),
      ...stackProps,
    });
    this.pipeline = new EventPipeline(this, 'Pipeline', { ...pipeline, outputs: false });
    const { dataPlaneUrl, router, destinations, tables, control, flipTopic, alerting } = this.pipeline;

    this.#output('DataPlaneUrl', dataPlaneUrl, "Give it to SDKs as the data plane's URL");
    this.#output('EventsQueueUrl', router.queue.queueUrl, 'Accepted events that were not routed yet');
    this.#output('EventsDeadLetterQueueUrl', router.deadLetterQueue.queueUrl, 'Its dead letters');
    for (const [id, stage] of destinations) {
      // A stack has 200 outputs at most; in a nested stack the queues' names are made of the destinations' ids.
      if (Stack.of(stage) !== this) continue;
      const { queue, deadLetterQueue } = stage;
      this.#output(`${outputName(id)}QueueUrl`, queue.queueUrl, `Events on their way to ${id}`);
      this.#output(`${outputName(id)}DeadLetterQueueUrl`, deadLetterQueue.queueUrl, 'Its dead letters');
    }
    this.#output('StateTableName', tables.state.tableName, 'Modes and attempts');
    this.#output('ParkingTableName', tables.parking.tableName, 'Parked and rejected events');
    this.#output('ControlFunction', control.function.lambda.functionName, 'What npx sluice asks');
    this.#output('FlipTopicArn', flipTopic.topic.topicArn, 'Changes of mode, as JSON for programs');
    this.#output('AlarmTopicArn', alerting.alarmTopic.topicArn, 'Alarms that page');
    this.#output('NoticeTopicArn', alerting.noticeTopic.topicArn, 'All alarms');
    this.#outputExperiments();
  }

  #outputExperiments(): void {
    const { routerFails, destinationSlow } = this.pipeline.faultInjection ?? {};
    if (routerFails) this.#output('RouterFailsExperiment', routerFails.ref, routerFails.description);
    if (destinationSlow)
      this.#output('DestinationSlowExperiment', destinationSlow.ref, destinationSlow.description);
  }

  #output(name: string, value: string, description: string): void {
    new CfnOutput(this, name, { value, description });
  }
}

/** Names of outputs have no dashes. Ids have no capitals, so that a capital X for each keeps the names apart. */
const outputName = (id: string): string =>
  `Destination${id.replace(/^./, (c) => c.toUpperCase()).replaceAll('-', 'X')}`;

/** Of what is not validated yet: a program in JavaScript may give anything. */
const hasNested = ({ destinations }: EventPipelineProps): boolean =>
  Array.isArray(destinations) &&
  destinations.some((one: unknown) => typeof one === 'object' && one !== null && 'nestedStack' in one);
