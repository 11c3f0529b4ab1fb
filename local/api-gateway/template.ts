/** The template's API, and the function behind it. */
import type { Properties } from '../template/assembly.ts';
import { functionName, optionalNumber, type Resolved, type Template } from '../template/physical.ts';
import type { GatewayResponse } from './service.ts';

export interface ApiSpec {
  /** The REST API's, as its metrics have it. */
  readonly name: string;
  readonly functionName: string;
  readonly stage: string;
  readonly responses: readonly GatewayResponse[];
}

export const readApi = (template: Template): ApiSpec => {
  const [api] = template.all('api');
  const name = api?.properties['Name'];
  const stage = template.all('stage')[0]?.properties['StageName'];
  return {
    name: typeof name === 'string' ? name : (api?.logicalId ?? ''),
    functionName: functionName(integrationUri(template.all('method'))),
    stage: typeof stage === 'string' ? stage : 'prod',
    responses: template.all('response').map(({ properties }) => gatewayResponse(properties)),
  };
};

const integrationUri = (methods: readonly Resolved[]): string => {
  const uris = methods.map(
    ({ properties }) => (properties['Integration'] as { Uri?: string } | undefined)?.Uri,
  );
  return uris.find((uri) => uri !== undefined) ?? '';
};

/** Values of headers are written in single quotes: constants, in API Gateway's mapping language. */
const gatewayResponse = (properties: Properties): GatewayResponse => {
  const parameters = (properties['ResponseParameters'] ?? {}) as Readonly<Record<string, string>>;
  const templates = (properties['ResponseTemplates'] ?? {}) as Readonly<Record<string, string>>;
  const PREFIX = 'gatewayresponse.header.';
  return {
    type: String(properties['ResponseType']),
    status: optionalNumber(properties['StatusCode']),
    headers: Object.fromEntries(
      Object.entries(parameters)
        .filter(([name]) => name.startsWith(PREFIX))
        .map(([name, value]) => [name.slice(PREFIX.length), value.replace(/^'(.*)'$/s, '$1')]),
    ),
    body: Object.values(templates)[0],
  };
};
