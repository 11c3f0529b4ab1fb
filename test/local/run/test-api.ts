import { startAwsApi, type AwsApiOptions } from '../../../local/run/aws-api.ts';
import type { Listening } from '../../../local/common/http.ts';
import { CREDENTIALS } from '../../support/credentials.ts';

const unexpected = (what: string) => (): never => {
  throw new Error(`${what} was called`);
};

/** The local AWS API with what a test needs of it; whatever else is called fails. */
export const startTestApi = (options: Partial<AwsApiOptions>): Promise<Listening> =>
  startAwsApi({
    dataDir: '/nowhere',
    credentials: CREDENTIALS,
    mapping: unexpected('mapping'),
    updateMapping: unexpected('updateMapping'),
    hasFunction: unexpected('hasFunction'),
    invoke: unexpected('invoke'),
    invokeLater: unexpected('invokeLater'),
    publish: unexpected('publish'),
    putMetric: unexpected('putMetric'),
    topics: { has: () => false, publish: unexpected('topics.publish') },
    deliveryStreams: () => new Set(),
    buckets: () => new Set(),
    kinesis: { put: unexpected('kinesis.put') },
    firehose: { put: unexpected('firehose.put') },
    s3: { list: unexpected('s3.list'), get: unexpected('s3.get') },
    ...options,
  });

/** For the SDK's clients: no retries, so that a test sees the first answer. */
export const clientOptions = ({ url }: Listening) => ({
  endpoint: url,
  region: 'us-east-1',
  credentials: CREDENTIALS,
  maxAttempts: 1,
});
