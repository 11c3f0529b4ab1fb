import { NOWHERE } from './support/nowhere.ts';

/**
 * Runs once, before all suites: no test may reach a real account by accident. Whoever points a suite at an endpoint of
 * their own, by `AWS_ENDPOINT_URL`, brings the credentials as well.
 */
export default (): void => {
  // The CDK says nothing to AWS about its use, and looks for no machine's credentials.
  process.env['CDK_DISABLE_CLI_TELEMETRY'] = 'true';
  process.env['AWS_EC2_METADATA_DISABLED'] = 'true';
  // Node 20 is enough for the tests; the SDK's advice to move on would be in every suite's output.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
  if (process.env['AWS_ENDPOINT_URL'] !== undefined) return;
  for (const name of ['AWS_PROFILE', 'AWS_SESSION_TOKEN', 'AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_ROLE_ARN']) {
    Reflect.deleteProperty(process.env, name);
  }
  process.env['AWS_ACCESS_KEY_ID'] = 'test';
  process.env['AWS_SECRET_ACCESS_KEY'] = 'test';
  process.env['AWS_REGION'] = 'us-east-1';
  process.env['AWS_ENDPOINT_URL'] = NOWHERE;
};
