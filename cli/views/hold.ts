/** `sluice hold` and `sluice resume`: what has changed, and how to undo it. Pure. */
import { ROUTER_STAGE } from '../../contract/bundle.ts';
import type { StageStatus } from '../../contract/status.ts';
import { line } from '../format.ts';
import type { View } from '../session.ts';

/** @param stage as it is now */
export const holdText = (stage: StageStatus, { colors, command }: View): string => {
  const what =
    stage.id === ROUTER_STAGE
      ? 'The whole pipeline is held: a hold of the router blocks every destination too.'
      : `${stage.id} is held; the other stages continue.`;
  return [
    colors.yellow(what),
    'Events are accepted and kept, and not forwarded, until someone resumes it. What is in flight is finished.',
    `Undo: ${colors.cyan(command(stage.id === ROUTER_STAGE ? 'resume' : `resume ${stage.id}`))}`,
  ].join('\n');
};

/** @param stage as it is now */
export const resumeText = (stage: StageStatus, { colors, command }: View): string => {
  const what = stage.id === ROUTER_STAGE ? 'The pipeline' : stage.id;
  if (stage.shut) {
    return [
      colors.yellow(`${what} is resumed, but forwards nothing yet: ${whyBlocked(stage)}`),
      `See: ${colors.cyan(command('status'))}`,
    ].join('\n');
  }
  return stage.mode === 'recovering'
    ? `${what} is resumed and recovering: it forwards at a low rate first, parked keys included.`
    : `${what} is resumed; it is ${stage.mode}.`;
};

const whyBlocked = ({ id, mode, reason }: StageStatus): string => {
  if (mode === 'degraded') return `it is degraded${reason === '' ? '' : `: ${line(reason, 200)}`}`;
  return id === ROUTER_STAGE
    ? 'it is blocked'
    : 'the router is degraded or held, which blocks the whole pipeline.';
};
