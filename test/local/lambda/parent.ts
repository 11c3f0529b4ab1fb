/** A local run in small, to be killed: it leaves one frozen process behind and one that loops without end. */
import { LambdaFunction } from '../../../local/lambda/pool.ts';

const [, , codeDir = '', runtime = '', childrenDir = '', tmpDir = ''] = process.argv;
const made = new LambdaFunction({
  name: 'orphan',
  arn: 'arn:aws:lambda:us-east-1:000000000000:function:orphan',
  codeDir,
  handler: 'index.handler',
  timeoutMs: 600_000,
  memoryMb: 256,
  environment: {},
  runtime,
  childrenDir,
  tmpDir,
  logger: (line) => {
    if (line.startsWith('pid ')) process.stdout.write(`${line}\n`);
  },
});
const [first] = await Promise.all([made.invoke({ wait: 200 }), made.invoke({ wait: 200 })]);
if (first.kind !== 'payload') throw new Error(JSON.stringify(first));
void made.invoke({ loop: true });
