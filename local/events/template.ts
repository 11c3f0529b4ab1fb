/** The template's schedules. */
import { functionName, type Template } from '../template/physical.ts';

export interface ScheduleSpec {
  readonly expression: string;
  readonly functionName: string;
}

export const readSchedules = (template: Template): readonly ScheduleSpec[] =>
  template.all('schedule').flatMap(({ properties }) =>
    // A rule without one waits for events of AWS, which do not happen here.
    (
      (properties['ScheduleExpression'] === undefined ? [] : (properties['Targets'] ?? [])) as readonly {
        readonly Arn: string;
      }[]
    ).map(({ Arn }) => ({
      expression: String(properties['ScheduleExpression']),
      functionName: functionName(Arn),
    })),
  );
