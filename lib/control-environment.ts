/** What control's environment says of the stages: it holds 4 KB, and the ids of a hundred mappings are most of that. */
import { Fn, Token } from 'aws-cdk-lib';
import { alignedList } from '../contract/aligned-list.ts';
import { ENV } from '../contract/environment.ts';
import { ConfigError } from '../config/index.ts';
import type { PipelineSettings } from './context.ts';
import type { PipelineStage } from './stage.ts';

/** Stages from which on the ids of their mappings are written without dashes. */
const MANY_STAGES = 32;

/** As many destinations fit with every stack's name; with more it must be shorter, since the names of the tables begin with it. */
const DESTINATIONS_OF_ANY_NAME = 90;
const SHORT_NAME = 60;

/** @param stages the router's first @throws ConfigError where they have no room beside the stack's name */
export const stagesEnvironment = (
  stages: readonly PipelineStage[],
  context: PipelineSettings,
): Readonly<Record<string, string>> => {
  checkRoom(stages.length - 1, context);
  return {
    [ENV.mappingIds]: alignedList(
      stages.map(({ stage }) => stage),
      stages.map(({ mapping }) => shortened(mapping.eventSourceMappingId, stages.length)),
    ),
    ...(stages[0] === undefined ? {} : { [ENV.queuesUrl]: queuesUrl(stages[0]) }),
  };
};

const checkRoom = (destinations: number, { stackName, where }: PipelineSettings): void => {
  if (destinations <= DESTINATIONS_OF_ANY_NAME) return;
  const isKnown = !Token.isUnresolved(stackName);
  if (isKnown && stackName.length <= SHORT_NAME) return;
  const name = isKnown ? `has ${stackName.length}` : 'is not known before it is made';
  const issue =
    `destinations: with more than ${DESTINATIONS_OF_ANY_NAME} the stack's name may have ${SHORT_NAME} characters, and it ${name}; ` +
    'deploy a second pipeline for the rest';
  throw new ConfigError([issue], where);
};

/** Read by `wholeUuid`. */
const shortened = (mappingId: string, stages: number): string =>
  stages < MANY_STAGES ? mappingId : Fn.join('', Fn.split('-', mappingId));

/** `https://sqs.<region>.amazonaws.com/<account>/`, made from a queue's own URL so that it holds for every endpoint. */
const queuesUrl = ({ queue }: PipelineStage): string => {
  const part = (i: number): string => Fn.select(i, Fn.split('/', queue.queueUrl));
  return Fn.join('/', [part(0), '', part(2), part(3), '']);
};
