// The owner's door: who may make an account, and a link for those who were asked.
import { useEffect, useState } from 'react';
import { useParley } from '../state/client.tsx';
import { CopyLine } from '../ui/copy-line.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Choices, ProblemNote } from '../ui/field.tsx';

type Mode = 'open' | 'invite';
const MODES = [
  { value: 'open', label: 'Anybody', hint: 'Who reaches this server may make an account.' },
  { value: 'invite', label: 'By invitation', hint: 'A link is needed.' },
] as const;

/** Links are for a handful of people, for a week. */
const USES = 25;
const WEEK_MS = 7 * 24 * 3_600_000;

export function InviteDialog({ onClose }: { onClose: () => void }) {
  const parley = useParley();
  const [mode, setMode] = useState<Mode | null>(null);
  const [code, setCode] = useState<string | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  useEffect(() => {
    let current = true;
    parley.setup().then(
      (setup) => current && setMode(setup.registration),
      (error) => current && setProblem(error),
    );
    return () => {
      current = false;
    };
  }, [parley]);
  const choose = (next: Mode) => {
    const before = mode;
    setMode(next);
    parley.account.setRegistration(next).catch((error) => {
      setMode(before);
      setProblem(error);
    });
  };
  const make = () => parley.account.makeInvitation({ uses: USES, expiresInMs: WEEK_MS }).then((made) => setCode(made.code), setProblem);
  return (
    <Dialog title="Invite people" onClose={onClose}>
      {mode !== null && <Choices legend="Who may make an account" value={mode} options={MODES} onChange={choose} />}
      {code === null ? (
        <button type="button" className="button primary" onClick={make}>
          Make an invitation link
        </button>
      ) : (
        <CopyLine label="Invitation link" value={`${location.origin}/invite/${code}`} hint={`For ${USES} people, within a week.`} />
      )}
      <ProblemNote problem={problem} />
    </Dialog>
  );
}
