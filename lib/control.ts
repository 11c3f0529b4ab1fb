import { Duration, Validations } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import { alignedList } from '../config/aligned-list.ts';
import type { ControlBundle } from '../config/bundle.ts';
import { ENV } from '../config/environment.ts';
import type { PipelineContext } from './context.ts';
import { SluiceFunction } from './function.ts';
import type { PipelineStage } from './stage.ts';
import type { Tables } from './tables.ts';

/** A stage as control sees it. */
export interface ControlledStage {
  readonly id: string;
  readonly maxConcurrency: number;
  readonly stage: PipelineStage;
}

export interface ControlProps {
  readonly context: PipelineContext;
  readonly tables: Tables;
  /** The router's first. */
  readonly stages: readonly ControlledStage[];
}

/**
 * Control brings what runs in line with the stages' modes, once a minute. It is level-triggered: a run that is lost is
 * made up for by the next, and two at once do no harm.
 */
export class Control extends Construct {
  readonly function: SluiceFunction;
  readonly schedule: Rule;

  constructor(scope: Construct, id: string, { context, tables, stages }: ControlProps) {
    super(scope, id);
    const mappings = stages.map(({ stage }) => stage.mapping);
    this.function = new SluiceFunction(this, 'Function', {
      context,
      handler: 'control',
      name: 'control',
      description: "brings the pipeline in line with its stages' modes",
      config: {
        stages: stages.map(({ id, maxConcurrency }) => ({ id, maxConcurrency })),
      } satisfies Omit<ControlBundle, 'codeVersion'>,
      memorySize: 256,
      timeout: Duration.seconds(30),
      environment: {
        ...tables.stateEnvironment,
        [ENV.mappingIds]: alignedList(
          stages.map((stage) => stage.id),
          mappings.map(({ eventSourceMappingId }) => eventSourceMappingId),
        ),
      },
      asyncRetries: 0,
    });
    Validations.of(this.function).acknowledge({
      id: 'Serverless-LambdaAsyncFailureDestination',
      reason:
        'The only asynchronous calls are those of the schedule; the next minute makes up for a lost one.',
    });
    tables.grantReadState(this.function);
    this.function.allow(
      ['lambda:GetEventSourceMapping', 'lambda:UpdateEventSourceMapping'],
      mappings.map(({ eventSourceMappingArn }) => eventSourceMappingArn),
    );
    this.schedule = new Rule(this, 'Schedule', {
      description: 'Sluice: runs control every minute',
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [
        new LambdaTarget(this.function.lambda, { retryAttempts: 0, maxEventAge: Duration.minutes(1) }),
      ],
    });
    Validations.of(this.schedule).acknowledge({
      id: 'Serverless-EventBusDLQ',
      reason: 'The next minute makes up for a lost run; one that is run late does nothing more.',
    });
  }
}
