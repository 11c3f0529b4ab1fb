import { afterAll, describe, expect, it } from '@jest/globals';
import { logicalId, minimal, ofType, removeDirectories, resource, synthesize } from './synth.ts';

afterAll(removeDirectories);

const synthesized = synthesize({
  ...minimal,
  ingest: { rateLimit: 300, burstLimit: 600, reservedConcurrency: 40 },
});

describe('the REST API', () => {
  it('is regional, hands every body on as base64, and takes TLS 1.2 at least', () => {
    expect(resource(synthesized, 'Ingest/Api').Properties).toMatchObject({
      EndpointConfiguration: { Types: ['REGIONAL'] },
      BinaryMediaTypes: ['*/*'],
      SecurityPolicy: 'SecurityPolicy_TLS13_1_2_PQ_2025_09',
      EndpointAccessMode: 'BASIC',
      Name: 'Sluice-Pipeline-ingest',
    });
  });

  it('has one route for every method and path, to ingest', () => {
    const methods = ofType(synthesized, 'AWS::ApiGateway::Method').map(([, { Properties }]) => Properties);
    expect(methods).toHaveLength(2);
    for (const method of methods) {
      expect(method).toMatchObject({
        HttpMethod: 'ANY',
        AuthorizationType: 'NONE',
        Integration: { Type: 'AWS_PROXY', IntegrationHttpMethod: 'POST' },
      });
      expect(JSON.stringify(method)).toContain(logicalId(synthesized, 'Ingest/Function/Handler'));
    }
    const paths = ofType(synthesized, 'AWS::ApiGateway::Resource').map(
      ([, { Properties }]) => Properties['PathPart'],
    );
    expect(paths).toEqual(['{proxy+}']);
  });

  it('throttles as the configuration says, caches nothing, and logs no bodies', () => {
    const [stage] = ofType(synthesized, 'AWS::ApiGateway::Stage');
    expect(stage?.[1].Properties).toMatchObject({
      StageName: 'prod',
      MethodSettings: [
        {
          HttpMethod: '*',
          ResourcePath: '/*',
          ThrottlingRateLimit: 300,
          ThrottlingBurstLimit: 600,
          DataTraceEnabled: false,
        },
      ],
    });
    expect(JSON.stringify(stage)).not.toContain('Cach');
  });

  it('writes an access log for a month, without what may hold a write key, that no client can make a metric of', () => {
    const [stage] = ofType(synthesized, 'AWS::ApiGateway::Stage');
    const { Format, DestinationArn } = stage?.[1].Properties['AccessLogSetting'] as Record<string, unknown>;
    const [, prefix, fields = ''] = /^([^{]*)(.*)$/.exec(String(Format)) ?? [];
    const format = JSON.parse(fields) as Record<string, string>;
    expect(prefix).toBe('access ');
    const agent = 'x","_aws":{"Timestamp":1,"CloudWatchMetrics":[]},"y":"';
    const line = String(Format).replace('$context.identity.userAgent', agent);
    expect(JSON.parse(line.slice(prefix?.length))).toHaveProperty('_aws');
    expect(() => JSON.parse(line) as unknown).toThrow(SyntaxError);
    expect(format).toMatchObject({ status: '$context.status', path: '$context.path' });
    for (const value of Object.values(format)) {
      expect(value).not.toMatch(/querystring|requestOverride|header|authorizer|resourcePath/i);
    }
    expect(resource(synthesized, 'Ingest/AccessLogs').Properties).toEqual({ RetentionInDays: 30 });
    expect(JSON.stringify(DestinationArn)).toContain('IngestAccessLogs');
  });

  it('leaves the address of the client out of the access log where it is told to, and nothing else', () => {
    const formatOf = (config: typeof minimal): Record<string, string> => {
      const [stage] = ofType(synthesize(config), 'AWS::ApiGateway::Stage');
      const { Format } = stage?.[1].Properties['AccessLogSetting'] as Record<string, unknown>;
      return JSON.parse(String(Format).replace(/^access /, '')) as Record<string, string>;
    };
    const { ip, ...others } = formatOf(minimal);
    expect(ip).toBe('$context.identity.sourceIp');
    expect(formatOf({ ...minimal, ingest: { accessLog: { ip: 'none' } } })).toEqual(others);
    expect(JSON.stringify(others)).not.toContain('sourceIp');
  });

  it("creates the account's log role, unless it is disabled", () => {
    expect(ofType(synthesized, 'AWS::ApiGateway::Account')).toHaveLength(1);
    const without = synthesize({ ...minimal, accountLogRole: false });
    expect(ofType(without, 'AWS::ApiGateway::Account')).toEqual([]);
  });
});

describe('ingest', () => {
  const timeout = (ingestDeadline: string): unknown => {
    const one = synthesize({ ...minimal, timing: { ingestDeadline } });
    return resource(one, 'Ingest/Function/Handler').Properties['Timeout'];
  };

  it('has time beyond its deadline, and no more than API Gateway waits', () => {
    expect(resource(synthesized, 'Ingest/Function/Handler').Properties).toMatchObject({
      Timeout: 20,
      MemorySize: 512,
    });
    expect(timeout('1500ms')).toBe(7);
    expect(timeout('25s')).toBe(29);
  });

  it('keeps concurrency for itself when that is asked for', () => {
    expect(resource(synthesized, 'Ingest/Function/Handler').Properties).toMatchObject({
      ReservedConcurrentExecutions: 40,
    });
    const plain = resource(synthesize(), 'Ingest/Function/Handler').Properties;
    expect(plain).not.toHaveProperty('ReservedConcurrentExecutions');
  });
});

describe('gateway responses', () => {
  const responses = new Map(
    ofType(synthesized, 'AWS::ApiGateway::GatewayResponse').map(([, { Properties }]) => [
      String(Properties['ResponseType']),
      Properties,
    ]),
  );
  const header = (type: string, name: string): unknown =>
    (responses.get(type)?.['ResponseParameters'] as Record<string, unknown>)[
      `gatewayresponse.header.${name}`
    ];

  it.each([
    ['THROTTLED', '429'],
    ['QUOTA_EXCEEDED', '429'],
    ['WAF_FILTERED', '429'],
    ['DEFAULT_5XX', '503'],
    ['INTEGRATION_FAILURE', '503'],
    ['INTEGRATION_TIMEOUT', '503'],
    ['API_CONFIGURATION_ERROR', '503'],
    ['AUTHORIZER_CONFIGURATION_ERROR', '503'],
    ['AUTHORIZER_FAILURE', '503'],
    ['RESOURCE_NOT_FOUND', '503'],
    ['MISSING_AUTHENTICATION_TOKEN', '503'],
    ['UNAUTHORIZED', '503'],
    ['ACCESS_DENIED', '503'],
    ['EXPIRED_TOKEN', '503'],
    ['INVALID_API_KEY', '503'],
    ['INVALID_SIGNATURE', '503'],
    ['UNSUPPORTED_MEDIA_TYPE', '503'],
  ])('%s is %s: SDKs retry, after the time in Retry-After', (type, status) => {
    expect(responses.get(type)).toMatchObject({ StatusCode: status });
    expect(header(type, 'Retry-After')).toBe("'5'");
  });

  it('DEFAULT_4XX, which is also that of headers that are too large, keeps its status and says when', () => {
    expect(responses.get('DEFAULT_4XX')).not.toHaveProperty('StatusCode');
    expect(header('DEFAULT_4XX', 'Retry-After')).toBe("'5'");
  });

  it.each(['REQUEST_TOO_LARGE', 'BAD_REQUEST_BODY', 'BAD_REQUEST_PARAMETERS'])(
    "%s, the client's own, keeps its status",
    (type) => {
      expect(responses.get(type)).not.toHaveProperty('StatusCode');
      expect(header(type, 'Retry-After')).toBeUndefined();
    },
  );

  it('are all that API Gateway has', () => {
    expect(responses.size).toBe(21);
  });

  it('can be read by a browser', () => {
    const asked = [
      ...['authorization', 'content-type', 'content-encoding', 'accept', 'anonymousid', 'sentat'],
      ...['rsa-recovered', 'rsa-retry-attempt', 'rsa-since-last-attempt', 'rsa-since-first-attempt'],
      ...['rsa-retry-reason', 'x-retry-count'],
    ];
    for (const type of responses.keys()) {
      expect(header(type, 'Access-Control-Allow-Origin')).toBe("'*'");
      expect(header(type, 'Access-Control-Expose-Headers')).toBe("'Retry-After'");
      const allowed = String(header(type, 'Access-Control-Allow-Headers')).replaceAll("'", '').toLowerCase();
      expect(allowed.split(',').sort()).toEqual([...asked].sort());
    }
  });

  it('are part of what is deployed', () => {
    const [deployment] = ofType(synthesized, 'AWS::ApiGateway::Deployment');
    const dependencies = (deployment?.[1] as unknown as { DependsOn: string[] }).DependsOn;
    const ids = ofType(synthesized, 'AWS::ApiGateway::GatewayResponse').map(([id]) => id);
    expect(dependencies).toEqual(expect.arrayContaining(ids));
  });
});
