/** For a suite of the command line: a local run whose control is a stand-in, and the command line in its directory. */
import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import { Cli } from './run-cli.ts';
import { StandIn } from './stand-in.ts';

export const useStandIn = (): { readonly control: StandIn; readonly cli: Cli } => {
  const control = new StandIn();
  const cli = new Cli();
  beforeAll(() => control.start());
  beforeEach(() => cli.pretendRun(control.url));
  afterEach(() => control.reset());
  afterAll(async () => {
    cli.remove();
    await control.stop();
  });
  return { control, cli };
};
