/** Lambda's GetEventSourceMapping and UpdateEventSourceMapping. */
import { failure, json, readJson, type Answer, type ApiRequest } from '../common/answer.ts';

export interface MappingView {
  readonly state: string;
  readonly maximumConcurrency: number | undefined;
  readonly functionArn: string;
  readonly queueArn: string;
}

/** Settings that are left out stay as they are. */
export interface MappingUpdate {
  readonly enabled?: boolean;
  readonly maximumConcurrency?: number;
}

export interface MappingActions {
  readonly mapping: (id: string) => MappingView | undefined;
  /** @returns false when the mapping is in transition, and refuses */
  readonly updateMapping: (id: string, change: MappingUpdate) => boolean;
}

const PATH = /^\/2015-03-31\/event-source-mappings\/([^/]+)\/?$/;

/** @returns undefined when the request is for something else */
export const answerMappings = (request: ApiRequest, actions: MappingActions): Answer | undefined => {
  const [, id] = PATH.exec(request.path) ?? [];
  if (id === undefined) return undefined;
  if (request.method === 'GET') return describe(id, actions, 200);
  return request.method === 'PUT' ? update(id, readJson(request), actions) : undefined;
};

const describe = (id: string, { mapping }: MappingActions, status: number): Answer => {
  const found = mapping(id);
  if (found === undefined) return failure(404, 'ResourceNotFoundException', `there is no mapping ${id}`);
  const { state, maximumConcurrency, functionArn, queueArn } = found;
  return json(status, {
    UUID: id,
    State: state,
    FunctionArn: functionArn,
    EventSourceArn: queueArn,
    ScalingConfig: maximumConcurrency === undefined ? {} : { MaximumConcurrency: maximumConcurrency },
  });
};

const update = (id: string, input: Readonly<Record<string, unknown>>, actions: MappingActions): Answer => {
  const scaling = input['ScalingConfig'] as { MaximumConcurrency?: number } | undefined;
  const enabled = input['Enabled'];
  if (actions.mapping(id) === undefined) return describe(id, actions, 404);
  const accepted = actions.updateMapping(id, {
    ...(typeof enabled === 'boolean' ? { enabled } : {}),
    ...(scaling?.MaximumConcurrency === undefined ? {} : { maximumConcurrency: scaling.MaximumConcurrency }),
  });
  if (accepted) return describe(id, actions, 202);
  return failure(409, 'ResourceInUseException', `mapping ${id} is in transition`);
};
