/**
 * Where the stages of destinations are: in the pipeline's own stack, or in the nested stack that the configuration names. A stack holds 500
 * resources, and a destination takes a dozen.
 *
 * A destination that moved would get another queue, so that nothing but its own key may decide where it is. In a nested stack its queues
 * have names of their own, which are known before they are made: the names of a hundred others would not fit the router's environment.
 */
import { NestedStack, Stack, Token, Validations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { createHash } from 'node:crypto';
import { ConfigError, type ResolvedDestination } from '../config/index.ts';
import { FUNCTION_TAG, type PipelineSettings } from './context.ts';
import type { SluiceFunction } from './function.ts';

/** Of a queue's name, which has 80 characters at most, with the longest id and the words around it. */
const PREFIX = { stackName: 13, hash: 6 };

/** Begins the names of queues in nested stacks; unique in an account's region. */
const prefixOf = ({ namePrefix, pipeline, stackName }: PipelineSettings): string => {
  if (namePrefix !== undefined) return namePrefix;
  const hash = createHash('sha256').update(pipeline).digest('hex').slice(0, PREFIX.hash);
  return `${stackName.slice(0, PREFIX.stackName)}-${hash}`;
};

export interface StageHome {
  /** What the stage's construct is put into. */
  readonly scope: Construct;
  /** Names of the stage's queues. @default - as the pipeline's other names are made */
  readonly queueNames?: { readonly queue: string; readonly deadLetterQueue: string };
}

export class NestedStages {
  readonly #pipeline: Construct;
  readonly #context: PipelineSettings;
  readonly #stacks = new Map<string, NestedStack>();

  constructor(pipeline: Construct, context: PipelineSettings) {
    this.#pipeline = pipeline;
    this.#context = context;
  }

  get scopes(): readonly { readonly name: string; readonly scope: NestedStack }[] {
    return [...this.#stacks].map(([name, scope]) => ({ name, scope }));
  }

  /** Names of queues in nested stacks, with `{}` for the destination's id; undefined where there is none. */
  get queueNames(): string | undefined {
    return this.#stacks.size === 0 ? undefined : `${prefixOf(this.#context)}-nested-{}.fifo`;
  }

  /** Sending to all of these queues, by their names' beginning: a hundred ARNs are more than a policy holds. No dead-letter queue is among them. */
  grantSend(grantee: SluiceFunction): void {
    const names = this.queueNames?.replace('{}', '*');
    if (names === undefined) return;
    grantee.allow(
      ['sqs:SendMessage'],
      [Stack.of(this.#pipeline).formatArn({ service: 'sqs', resource: names })],
    );
    Validations.of(grantee).acknowledge({
      id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:sqs:<AWS::Region>:<AWS::AccountId>:${names}]`,
      reason: "The queues of the pipeline's destinations in nested stacks, by names that nothing else has.",
    });
  }

  /**
   * Invoking all of their functions, by the tag that names a function's stage: a hundred ARNs are more than a role's policies hold. No
   * function of another pipeline has such a tag.
   */
  grantInvoke(grantee: SluiceFunction): void {
    if (this.#stacks.size === 0) return;
    const { partition, region, account } = Stack.of(this.#pipeline);
    grantee.allow(['lambda:InvokeFunction'], [`arn:${partition}:lambda:${region}:${account}:function:*`], {
      StringLike: { [`aws:ResourceTag/${FUNCTION_TAG}`]: `${this.#context.pipeline}/*` },
    });
    Validations.of(grantee).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:lambda:<AWS::Region>:<AWS::AccountId>:function:*]',
      reason: "Limited to the functions that have the tag of one of the pipeline's stages.",
    });
  }

  /** @throws ConfigError where the queues' names cannot be made */
  homeOf({ id, nestedStack }: Pick<ResolvedDestination, 'id' | 'nestedStack'>): StageHome {
    if (nestedStack === undefined) return { scope: this.#pipeline };
    const scope = this.#stackOf(nestedStack);
    const prefix = prefixOf(this.#context);
    return {
      scope,
      queueNames: {
        queue: `${prefix}-nested-${id}.fifo`,
        deadLetterQueue: `${prefix}-dead-letters-${id}.fifo`,
      },
    };
  }

  #stackOf(name: string): NestedStack {
    const { namePrefix, pipeline, where } = this.#context;
    if (namePrefix === undefined && Token.isUnresolved(pipeline)) {
      const issue = `nestedStack: the stack's name is not known before it is made; set namePrefix, which begins the queues' names`;
      throw new ConfigError([issue], where);
    }
    const made =
      this.#stacks.get(name) ??
      new NestedStack(this.#pipeline, `Nested-${name}`, {
        description: `Sluice: destinations of ${pipeline} (${name})`,
      });
    this.#stacks.set(name, made);
    return made;
  }
}
