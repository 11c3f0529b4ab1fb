/** The template's alarms. */
import type { Template } from '../template/physical.ts';
import { readAlarm, type AlarmSpec } from './alarm-spec.ts';

/** The local run learns nothing from two weeks. */
const isAboutAnomalies = (properties: unknown): boolean =>
  (properties as { readonly ThresholdMetricId?: unknown }).ThresholdMetricId !== undefined;

/** Those that the local run watches. @throws Error that names the alarm and what of it the local run does not know */
export const readAlarms = (template: Template): readonly AlarmSpec[] =>
  template.all('alarm').flatMap(({ logicalId, properties }) => {
    if (isAboutAnomalies(properties)) return [];
    const physical = template.physical(logicalId);
    return readAlarm(
      { name: physical?.ref ?? logicalId, arn: physical?.attributes['Arn'] ?? '' },
      properties,
    );
  });
