// A thin bar when the connection has been away for two seconds. Never a modal: reading and writing go on.
import { WifiOff } from 'lucide-react';
import { useEffect, useSyncExternalStore } from 'react';
import { saidOf } from '../model/error-words.ts';
import { useLasting } from '../state/attention.ts';
import { useClient, useParley } from '../state/client.tsx';

const PATIENCE_MS = 2_000;

function subscribe(listener: () => void): () => void {
  addEventListener('online', listener);
  addEventListener('offline', listener);
  return () => {
    removeEventListener('online', listener);
    removeEventListener('offline', listener);
  };
}

export function ConnectionBar() {
  const status = useClient((state) => state.status);
  const bye = useClient((state) => state.bye);
  const network = useSyncExternalStore(subscribe, () => navigator.onLine);
  const away = useLasting(status !== 'online' && status !== 'signed-out', PATIENCE_MS);
  const waiting = useClient((state) => state.outbox.some((entry) => entry.state !== 'failed'));
  const offline = status === 'offline' || !network;
  const parley = useParley();
  const tryNow = (): void => void parley.connect().catch(() => {});
  const reconnecting = status === 'reconnecting';
  // Whoever comes back to the page does not wait for the back-off.
  useEffect(() => {
    if (!reconnecting) return;
    const look = (): void => {
      if (document.visibilityState === 'visible') void parley.connect().catch(() => {});
    };
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, [parley, reconnecting]);
  return (
    <div role="status" aria-live="polite">
      {away && (
        <p className="connection">
          <WifiOff size={16} aria-hidden="true" />
          {offline && "You're offline. Messages will be sent when you're back."}
          {!offline && status === 'connecting' && 'Connecting…'}
          {!offline && reconnecting && (waiting ? "Reconnecting… Messages will be sent when you're back." : 'Reconnecting…')}
          {!offline && reconnecting && (
            <button type="button" className="link-button" onClick={tryNow}>
              Try now
            </button>
          )}
          {!offline && reconnecting && bye !== null && <span className="code-small">{saidOf(bye).code}</span>}
        </p>
      )}
    </div>
  );
}
