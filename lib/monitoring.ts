import { CfnResource, Stack } from 'aws-cdk-lib';
import {
  Alarm,
  AnomalyDetectionAlarm,
  ComparisonOperator,
  Metric,
  TreatMissingData,
  type MetricOptions,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Construct } from 'constructs';
import { METRICS } from '../contract/metrics.ts';
import { lastWarningOf, warningOf } from '../contract/retention.ts';
import * as alarms from './alarms.ts';
import type { Alerting } from './alerting.ts';
import type { PipelineSettings } from './context.ts';
import type { Control } from './control.ts';
import { deadLetters, functionErrors, functionThrottles, grouped, pagerFailures } from './grouped-alarms.ts';
import type { IngestApi } from './ingest-api.ts';
import type { PipelineStage } from './stage.ts';

/** The type of the custom resource that lists the alarms. */
const REMOVED_ALARMS = 'Custom::SluiceAlarms';

/** A stack inside the pipeline's own, and its name in alarms' titles. */
export interface NestedScope {
  readonly name: string;
  readonly scope: Construct;
}

const degradedModes = (stages: readonly PipelineStage[]): Record<string, alarms.AlarmSpec> =>
  Object.fromEntries(stages.map((stage) => [`DegradedMode-${stage.stage}`, alarms.degradedMode(stage)]));

/**
 * That ingest fails, or is throttled, shows in its answers; that control is throttled, in its heartbeat.
 * @param place a nested stack's name
 */
const ofFunctions = (
  stages: readonly PipelineStage[],
  control?: Control,
  place?: string,
): Record<string, alarms.AlarmSpec> => {
  const functions = stages.map((stage) => stage.function);
  const watched = control === undefined ? functions : [control.function, ...functions];
  return {
    ...grouped('DeadLetters', stages, deadLetters, place),
    ...grouped('FunctionErrors', watched, functionErrors, place),
    ...grouped('FunctionThrottles', functions, functionThrottles, place),
  };
};

export interface MonitoringProps {
  readonly context: PipelineSettings;
  readonly alerting: Alerting;
  readonly ingest: IngestApi;
  readonly control: Control;
  /** The router's first. */
  readonly stages: readonly [PipelineStage, ...PipelineStage[]];
  /** Milliseconds; and whether it is watched at all. */
  readonly volume: { readonly noEventsFor?: number | undefined; readonly unusualVolume: boolean };
  /** The nested stacks that stages are in. */
  readonly nested: readonly NestedScope[];
  /** Milliseconds, of records. @default - records are kept */
  readonly retention?: number | undefined;
}

/**
 * The pipeline's alarms. Each says what is wrong, which command shows more, and which section of the runbook says what to
 * do. What cannot be known at deploy time (since when, why, the last crash) is shown by the command.
 */
export class Monitoring extends Construct {
  /** By the id of their construct; of those that watch functions or queues of a nested stack, with the stack's name behind it. */
  readonly alarms: ReadonlyMap<string, Alarm>;

  readonly #context: PipelineSettings;
  readonly #alerting: Alerting;

  constructor(scope: Construct, id: string, props: MonitoringProps) {
    super(scope, id);
    const { context, alerting, ingest, control, stages, retention, volume } = props;
    const [router] = stages;
    this.#context = context;
    this.#alerting = alerting;
    const own = stages.filter((stage) => Stack.of(stage) === Stack.of(this));
    const age = this.metricOldestMessageAge();
    const specs = {
      ...degradedModes(own),
      Heartbeat: alarms.heartbeat(control),
      UsersParked: alarms.usersParked(control),
      ProbesFailing: alarms.probesFailing(control),
      IngestErrors: alarms.ingestErrors(ingest),
      Late15Minutes: alarms.late15Minutes(age),
      Late1Day: alarms.late1Day(age),
      Late10Days: alarms.late10Days(age),
      OldestParked: alarms.oldestParked(control),
      LongQueue: alarms.longQueue(control),
      RejectedEvents: alarms.rejectedEvents(this.metricEventsRejected()),
      WrongKeys: alarms.wrongKeys(this.metricRequestsUnauthorized()),
      LateCrashes: alarms.lateCrashes(this.metricLateCrashes()),
      ...(retention === undefined
        ? {}
        : {
            RecordsExpire: alarms.recordsExpire(control, warningOf(retention)),
            RecordsExpireSoon: alarms.recordsExpireSoon(control, lastWarningOf(retention)),
          }),
      ...(volume.noEventsFor === undefined ? {} : { NoEvents: alarms.noEvents(router, volume.noEventsFor) }),
      ...(volume.unusualVolume ? { UnusualVolume: alarms.unusualVolume(router) } : {}),
      ...ofFunctions(own, control),
      ...grouped('PagerFailures', alerting.deadLetterQueues, pagerFailures),
    };
    const made = this.#make(this, specs);
    this.alarms = new Map([...made, ...props.nested.flatMap((stack) => this.#ofNested(stack, stages))]);
    this.#resolveRemoved(control);
  }

  #make(scope: Construct, specs: Readonly<Record<string, alarms.AlarmSpec>>): readonly [string, Alarm][] {
    return Object.entries(specs).map(([name, spec]) => [name, this.#alarm(scope, name, spec)]);
  }

  /** Those of the stages in a nested stack are there as well: the pipeline's own stack has no room for all of them. */
  #ofNested({ scope, name }: NestedScope, stages: readonly PipelineStage[]): readonly [string, Alarm][] {
    const its = stages.filter((stage) => Stack.of(stage) === Stack.of(scope));
    const inScope = new Construct(scope, 'Monitoring');
    return [
      ...this.#make(inScope, degradedModes(its)),
      ...this.#make(inScope, ofFunctions(its, undefined, name)).map(([id, alarm]): [string, Alarm] => [
        `${id}-${name}`,
        alarm,
      ]),
    ];
  }

  /**
   * A custom resource, answered by control: an alarm in ALARM that is no longer in the list is resolved before it is deleted, or its
   * page would stay open for good.
   */
  #resolveRemoved(control: Control): void {
    new CfnResource(this, 'RemovedAlarms', {
      type: REMOVED_ALARMS,
      properties: {
        ServiceToken: control.function.lambda.functionArn,
        // Seconds. Without it, a control that cannot run would hold up a deployment for an hour.
        ServiceTimeout: 120,
        Alarms: [...this.alarms.values()].map(({ alarmName }) => alarmName),
      },
    });
  }

  /** Seconds since the oldest message of a received batch was sent, in all stages. @default - maximum over 5 minutes */
  metricOldestMessageAge(options?: MetricOptions): Metric {
    return this.#metric(METRICS.oldestMessageAge, { statistic: 'Maximum', ...options });
  }

  /** Events that will not be delivered, in all stages and at ingest. @default - sum over 5 minutes */
  metricEventsRejected(options?: MetricOptions): Metric {
    return this.#metric(METRICS.eventsRejected, { statistic: 'Sum', ...options });
  }

  /** Requests that ingest answered with 401. @default - sum over 5 minutes */
  metricRequestsUnauthorized(options?: MetricOptions): Metric {
    return this.#metric(METRICS.requestsUnauthorized, { statistic: 'Sum', ...options });
  }

  /** Failures of transforms after the event had been answered, in all stages. @default - sum over 5 minutes */
  metricLateCrashes(options?: MetricOptions): Metric {
    return this.#metric(METRICS.lateCrashes, { statistic: 'Sum', ...options });
  }

  #metric(metricName: string, options: MetricOptions): Metric {
    return new Metric({
      namespace: METRICS.namespace,
      metricName,
      dimensionsMap: { [METRICS.pipeline]: this.#context.pipeline },
      ...options,
    });
  }

  #alarm(scope: Construct, id: string, spec: alarms.AlarmSpec): Alarm {
    const { pipeline, stackName, runbookUrl } = this.#context;
    const { title, text, section, command = 'status', atLeast, below, deviations, of = 1, bad = of } = spec;
    const common = {
      // What a pager shows, and the incident's identity; CloudFormation's own names say little.
      alarmName: `${pipeline}: ${title}`,
      alarmDescription: `${text} Look: npx sluice ${command} --stack ${stackName} - What to do: ${runbookUrl}#${section}`,
      metric: spec.metric,
      evaluationPeriods: of,
      datapointsToAlarm: bad,
      treatMissingData: spec.missing ?? TreatMissingData.NOT_BREACHING,
    };
    const alarm =
      deviations === undefined
        ? new Alarm(scope, id, {
            ...common,
            threshold: atLeast ?? below ?? 1,
            comparisonOperator:
              below === undefined
                ? ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
                : ComparisonOperator.LESS_THAN_THRESHOLD,
          })
        : new AnomalyDetectionAlarm(scope, id, { ...common, stdDevs: deviations });
    const { alarmTopic, noticeTopic } = this.#alerting;
    for (const topic of spec.page ? [alarmTopic, noticeTopic] : [noticeTopic]) {
      const action = new SnsAction(topic);
      alarm.addAlarmAction(action);
      // Resolves the incident: the same alarm, so the same identity.
      alarm.addOkAction(action);
    }
    return alarm;
  }
}
