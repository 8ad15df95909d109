import type { ObservedSession, SessionObserver, SessionsPort } from '../../src/data-plane-port.ts';

type Upgrade = Parameters<SessionsPort['sendUpgrade']>[1];
type Announced = Parameters<SessionsPort['announce']>[1];

/** Sessions without a tunnel: the test opens them and notifies the fleet. */
export class FakeSessions implements SessionsPort {
  readonly sessions = new Set<ObservedSession>();
  readonly observers = new Set<SessionObserver>();
  readonly announced: { readonly agentId: string; readonly verdict: Announced }[] = [];

  *sessionsOfAgent(agentId: string): Generator<ObservedSession> {
    for (const session of this.sessions) if (session.identity.agentId === agentId) yield session;
  }

  observe(observer: SessionObserver): () => void {
    this.observers.add(observer);
    return () => this.observers.delete(observer);
  }

  announce(agentId: string, verdict: Announced): void {
    this.announced.push({ agentId, verdict });
  }

  readonly upgrades: { readonly agentId: string; readonly message: Upgrade }[] = [];

  sendUpgrade(agentId: string, message: Upgrade): boolean {
    if (this.sessionsOfAgent(agentId).next().done === true) return false;
    this.upgrades.push({ agentId, message });
    return true;
  }

  open(session: ObservedSession): void {
    this.sessions.add(session);
    for (const observer of this.observers) observer.opened?.(session);
  }
}
