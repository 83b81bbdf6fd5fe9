// The end of my account: says what goes before it asks for the password. Whoever owns the installation is told why they cannot.
import { type FormEvent, useState } from 'react';
import { useClient, useParley } from '../state/client.tsx';
import { turnPushOff } from '../state/push.ts';
import { go, pathTo } from '../state/router.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Field, ProblemNote } from '../ui/field.tsx';
import { say } from '../ui/toasts.tsx';

export function DeleteAccount() {
  const owner = useClient((state) => state.me?.role === 'owner');
  const [asking, setAsking] = useState(false);
  return (
    <section aria-label="Delete my account" className="form">
      <h3 className="section-title">Delete my account</h3>
      {owner ? (
        <p className="aside">You own this Parley: only you can say who may come in, and that cannot be handed on yet. So your account has to stay.</p>
      ) : (
        <>
          <p className="aside">Your name, messages and files go, for everybody. There is no way back.</p>
          <div>
            <button type="button" className="button danger" onClick={() => setAsking(true)}>
              Delete my account…
            </button>
          </div>
        </>
      )}
      {asking && <AskForPassword onClose={() => setAsking(false)} />}
    </section>
  );
}

function AskForPassword({ onClose }: { onClose: () => void }) {
  const parley = useParley();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const password = String(new FormData(event.currentTarget).get('password'));
    setBusy(true);
    setProblem(null);
    try {
      await parley.eraseAccount(password);
    } catch (error) {
      setProblem(error);
      setBusy(false);
      return;
    }
    go(pathTo.home, 'replace');
    say('Your account was deleted.');
    // This browser's part; the server's ended with the account.
    turnPushOff(parley).catch(() => {});
  };
  return (
    <Dialog title="Delete your account?" onClose={onClose}>
      <p className="lead">
        You are signed out everywhere at once. Within some minutes all that you wrote and attached is deleted for everybody, and you leave every room. A room
        that only you owned gets another owner; with nobody left in it, and between two people, it is closed.
      </p>
      <p className="lead">This cannot be undone by anybody.</p>
      <form className="form" onSubmit={submit}>
        <Field label="Your password" name="password" type="password" required autoComplete="current-password" />
        <ProblemNote problem={problem} />
        <div className="dialog-foot">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button danger" disabled={busy}>
            Delete my account
          </button>
        </div>
      </form>
    </Dialog>
  );
}
