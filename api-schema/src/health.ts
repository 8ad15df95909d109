import { Type } from '@penstock/json-schema';

/** Response of the liveness check. */
export const Liveness = Type.Object({ status: Type.Literal('alive') });

/** Response of the readiness check. */
export const Readiness = Type.Object({ ready: Type.Boolean(), reasons: Type.Array(Type.String()) });
