import { Duration, Validations } from 'aws-cdk-lib';
import type { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import { Alias } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { PERMISSION_DESCRIPTIONS, PERMISSIONS, type Permission } from '../contract/permissions.ts';
import type { SluiceFunction } from './function.ts';

const constructId = (permission: Permission): string =>
  permission.replace(/^./, (first) => first.toUpperCase());

/**
 * An alias of control's function for each permission of operators. IAM sees each alias as a resource of its own, and the function sees
 * through which one it was invoked. All point to the code that runs (`$LATEST`): no version is published, and nothing is charged.
 */
export class OperatorAliases extends Construct {
  readonly aliases: Readonly<Record<Permission, Alias>>;

  constructor(scope: Construct, id: string, { lambda }: SluiceFunction) {
    super(scope, id);
    const make = (permission: Permission): [Permission, Alias] => [
      permission,
      new Alias(this, constructId(permission), {
        aliasName: permission,
        version: lambda.latestVersion,
        description: `Sluice: ${PERMISSION_DESCRIPTIONS[permission]}`,
        // As the function itself has it: a hold that is late could undo a resume.
        retryAttempts: 0,
        maxEventAge: Duration.minutes(1),
      }),
    ];
    Validations.of(this).acknowledge({
      id: 'Serverless-LambdaAsyncFailureDestination',
      reason: 'Operators wait for the answers of their requests, so that a failure is theirs to see.',
    });
    this.aliases = Object.fromEntries(PERMISSIONS.map(make)) as Record<Permission, Alias>;
  }

  /** Each permission includes `read`, which is enough for programs that only look. */
  grant(permission: Permission, grantee: IGrantable): Grant {
    const read = this.aliases.read.grantInvoke(grantee);
    return permission === 'read' ? read : read.combine(this.aliases[permission].grantInvoke(grantee));
  }
}
