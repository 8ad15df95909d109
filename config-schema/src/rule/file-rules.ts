import { checkConnectorTls } from './connector-tls.ts';
import { checkCluster, checkKeyOfCertificate, checkOrder, checkSignIn } from './consistency.ts';
import type { FileView } from './file-view.ts';
import { checkIngressKinds } from './ingress-kinds.ts';
import { checkKnownNames } from './known-names.ts';
import { checkListenConflicts } from './listen-conflicts.ts';
import { checkFreezes } from './schedules.ts';
import { checkSharedListeners } from './shared-listeners.ts';
import { checkUniqueNames } from './unique-names.ts';

/** Checks the rules of agent.yaml that its schema cannot express. */
export function checkAgentFile(view: FileView): void {
  checkUniqueNames(view);
  checkConnectorTls(view);
  checkOrder(view, ['tunnel', 'reconnect', 'base'], ['tunnel', 'reconnect', 'max']);
}

/** Checks the rules of gateway.yaml that its schema cannot express. */
export function checkGatewayFile(view: FileView): void {
  checkUniqueNames(view);
  checkKnownNames(view);
  checkFreezes(view);
  checkListenConflicts(view);
  checkIngressKinds(view);
  checkSharedListeners(view);
  checkKeyOfCertificate(view, 'agentCa');
  checkKeyOfCertificate(view, 'tunnelTls');
  checkKeyOfCertificate(view, 'adminTls');
  checkKeyOfCertificate(view, 'ingressTls');
  checkSignIn(view);
  checkCluster(view);
  checkOrder(view, ['dial', 'attemptTimeout'], ['dial', 'totalTimeout']);
  checkOrder(view, ['health', 'heartbeatInterval'], ['health', 'staleAfter']);
}
