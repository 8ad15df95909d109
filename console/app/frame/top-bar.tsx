import '../parts/menu.css';
import { Menu } from '@base-ui/react/menu';
import { useState } from 'react';
import { Link } from 'wouter';
import { signOut } from '../api/session.ts';
import { useLive } from '../live/live-context.tsx';
import { chooseTheme, chosenTheme, type Theme } from '../look/theme.ts';
import { useNotices } from '../parts/notices.tsx';
import { Badge, Mark } from '../parts/state.tsx';
import { fullTime, timeOfDay } from '../time/format.ts';
import { useNow } from '../time/use-now.ts';
import { chooseZone, useZone } from '../time/zone.ts';
import { Logo } from './logo.tsx';
import { useSession } from './session-context.tsx';
import { useGateway } from './use-gateway.ts';

export function TopBar({ onSignedOut }: { readonly onSignedOut: () => void }) {
  const { data: gateway } = useGateway();
  return (
    <header className="top-bar">
      <Link href="/fleet" className="top-brand">
        <Logo />
        <span>Penstock</span>
        {gateway !== undefined && <span className="top-organization">{gateway.organization}</span>}
      </Link>
      {gateway?.ready === false && <Badge tone="bad" word="Gateway not ready" />}
      <span className="top-space" />
      <LiveMark />
      <GatewayTime />
      <AccountMenu onSignedOut={onSignedOut} />
    </header>
  );
}

function LiveMark() {
  const { name } = useLive().status;
  const isLive = name === 'live';
  const word = {
    live: 'Live',
    connecting: 'Connecting',
    lost: 'Not live',
    paused: 'Paused',
    'signed-out': 'Not live',
  }[name];
  return (
    <span className="top-live" role="status">
      <Mark
        shape={isLive ? 'disc' : name === 'lost' ? 'triangle' : 'ring'}
        tone={isLive ? 'ok' : name === 'lost' ? 'warn' : 'off'}
      />
      {word}
    </span>
  );
}

/** The clock that all ages are measured by. */
function GatewayTime() {
  const now = useNow();
  const zone = useZone();
  return (
    <time
      className="top-live top-clock"
      dateTime={new Date(now).toISOString()}
      title={`The gateway’s clock: ${fullTime(now)}`}
    >
      {timeOfDay(now, now, zone)}
    </time>
  );
}

const themeNames: Readonly<Record<Theme, string>> = { system: 'As the system', light: 'Light', dark: 'Dark' };

function AccountMenu({ onSignedOut }: { readonly onSignedOut: () => void }) {
  const session = useSession();
  const notices = useNotices();
  const zone = useZone();
  const [theme, setTheme] = useState(chosenTheme);
  const leave = (where: 'here' | 'everywhere') => {
    signOut(where).then(onSignedOut, (error: unknown) => {
      notices.failed('You are signed out here, but the gateway could not end the session.', error);
      onSignedOut();
    });
  };
  return (
    <Menu.Root>
      <Menu.Trigger className="button button-small account" title="Account, theme, times, and sign-out">
        {session.name || session.actor} <span className="faint">{session.role}</span>
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner className="menu-positioner" align="end" sideOffset={6}>
          <Menu.Popup className="menu">
            <p className="menu-label">
              Signed in as <strong>{session.name || session.actor}</strong>, role {session.role}
            </p>
            <Menu.Separator className="menu-line" />
            <Menu.RadioGroup
              value={theme}
              onValueChange={(next: Theme) => {
                chooseTheme(next);
                setTheme(next);
              }}
            >
              <Menu.GroupLabel className="menu-label">Theme</Menu.GroupLabel>
              {(Object.keys(themeNames) as Theme[]).map((each) => (
                <Menu.RadioItem key={each} value={each} className="menu-item" closeOnClick={false}>
                  <Menu.RadioItemIndicator className="menu-check">✓</Menu.RadioItemIndicator>
                  {themeNames[each]}
                </Menu.RadioItem>
              ))}
            </Menu.RadioGroup>
            <Menu.RadioGroup value={zone} onValueChange={(next: 'local' | 'utc') => chooseZone(next)}>
              <Menu.GroupLabel className="menu-label">Times</Menu.GroupLabel>
              <Menu.RadioItem value="local" className="menu-item" closeOnClick={false}>
                <Menu.RadioItemIndicator className="menu-check">✓</Menu.RadioItemIndicator>
                In this browser’s zone
              </Menu.RadioItem>
              <Menu.RadioItem value="utc" className="menu-item" closeOnClick={false}>
                <Menu.RadioItemIndicator className="menu-check">✓</Menu.RadioItemIndicator>
                UTC
              </Menu.RadioItem>
            </Menu.RadioGroup>
            <Menu.Separator className="menu-line" />
            <Menu.Item className="menu-item" onClick={() => leave('here')}>
              Sign out
            </Menu.Item>
            <Menu.Item className="menu-item" onClick={() => leave('everywhere')}>
              Sign out everywhere
            </Menu.Item>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
