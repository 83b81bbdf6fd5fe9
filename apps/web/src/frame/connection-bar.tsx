// A thin bar when the connection has been away for two seconds. Never a modal: reading and writing go on.
import { WifiOff } from 'lucide-react';
import { saidOf } from '../model/error-words.ts';
import { useLasting } from '../state/attention.ts';
import { useClient } from '../state/client.tsx';

const PATIENCE_MS = 2_000;

export function ConnectionBar() {
  const status = useClient((state) => state.status);
  const bye = useClient((state) => state.bye);
  const away = useLasting(status !== 'online' && status !== 'signed-out', PATIENCE_MS);
  const waiting = useClient((state) => state.outbox.some((entry) => entry.state !== 'failed'));
  return (
    <div role="status" aria-live="polite">
      {away && (
        <p className="connection">
          <WifiOff size={16} aria-hidden="true" />
          {status === 'connecting' && 'Connecting…'}
          {status === 'offline' && "You're offline. Messages will be sent when you're back."}
          {status === 'reconnecting' && (waiting ? "Reconnecting… Messages will be sent when you're back." : 'Reconnecting…')}
          {status === 'reconnecting' && bye !== null && <span className="code-small">{saidOf(bye).code}</span>}
        </p>
      )}
    </div>
  );
}
