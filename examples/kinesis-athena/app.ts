/**
 * A stream of Kinesis for programs that follow events, and an archive that Athena queries. From the project's root:
 *
 *     npx cdk synth --app 'npx tsx examples/kinesis-athena/app.ts'
 */
import { App, Duration, Stack } from 'aws-cdk-lib';
import { Stream, StreamEncryption, StreamMode } from 'aws-cdk-lib/aws-kinesis';
import { Destination, EventPipeline } from '../../lib/index.ts';

const app = new App();
const stack = new Stack(app, 'Lake');

/** It grows and shrinks with its load, and is paid by what goes through it. */
const clicks = new Stream(stack, 'Clicks', {
  streamMode: StreamMode.ON_DEMAND,
  encryption: StreamEncryption.MANAGED,
  retentionPeriod: Duration.days(2),
});

new EventPipeline(stack, 'Events', {
  sources: [
    { id: 'web', writeKey: 'replace-this-web-key' },
    { id: 'shop', writeKey: 'replace-this-shop-key' },
  ],
  destinations: [
    {
      id: 'clicks',
      // Its function may put records to this stream, and to nothing else.
      ...Destination.stream(clicks),
      // What the back end sends is in the archive alone.
      sources: ['web'],
    },
  ],
  archive: {},
});
