/** Keys of earlier versions that a configuration may still have. Each sets the key that took its place. */
import type { PipelineConfig } from './schema.ts';

export interface Deprecation {
  /** The path of the old key. */
  readonly key: string;
  /** The path of the key that it sets. */
  readonly successor: string;
  /** What the value decides now, and what to write instead. */
  readonly warning: string;
}

/** Of the old keys, those that a configuration has. */
export const deprecationsOf = ({ timing }: PipelineConfig): readonly Deprecation[] =>
  timing?.closedDoorLimit === undefined
    ? []
    : [
        {
          key: 'timing.closedDoorLimit',
          successor: 'degradedMode.parkAfter',
          warning:
            'timing.closedDoorLimit: is deprecated, and sets degradedMode.parkAfter; rename it. An event that its destination refuses is ' +
            'given up when its user alone has failed degradedMode.ownAfter times and for this long, and a user whose events fail in ' +
            'another way is parked after the same time',
        },
      ];
