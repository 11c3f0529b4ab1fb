/** The template's alarms. */
import type { Template } from '../template/physical.ts';
import { readAlarm, type AlarmSpec } from './alarm-spec.ts';

/** @throws Error that names the alarm and what of it the local run does not know */
export const readAlarms = (template: Template): readonly AlarmSpec[] =>
  template.all('alarm').map(({ logicalId, properties }) => {
    const physical = template.physical(logicalId);
    return readAlarm(
      { name: physical?.ref ?? logicalId, arn: physical?.attributes['Arn'] ?? '' },
      properties,
    );
  });
