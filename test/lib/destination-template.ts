/** What a destination's function knows of a resource of AWS, and may do with it, in the template. */
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { ENV } from '../../contract/environment.ts';
import { EventPipeline, type EventPipelineProps } from '../../lib/index.ts';
import { minimal, ownArn, temporaryDirectory } from './synth.ts';

/** Of the pipeline's account and region. */
export const arnOfOwn = (service: string, name: string) => ownArn(service, `:${name}`);

/** Statements of a pipeline in an app that has resources of its own. */
export const inApp = (destinations: (stack: Stack) => EventPipelineProps['destinations']) => {
  const stack = new Stack(new App({ outdir: temporaryDirectory() }), 'Shop');
  new EventPipeline(stack, 'Events', { ...minimal, destinations: destinations(stack) });
  const template = Template.fromStack(stack);
  const statements = Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
    ({ Properties }) =>
      (Properties as { PolicyDocument: { Statement: { Action: unknown; Resource: unknown }[] } })
        .PolicyDocument.Statement,
  );
  const variables = Object.values(template.findResources('AWS::Lambda::Function')).flatMap(
    ({ Properties }) =>
      (Properties as { Environment?: { Variables: Record<string, unknown> } }).Environment?.Variables[
        ENV.destinationArn
      ] ?? [],
  );
  return { statements, variables, stack };
};
