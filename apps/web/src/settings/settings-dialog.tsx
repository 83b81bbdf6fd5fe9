// My account: the name that others see, how Enter works, the password, the places where I am signed in, the end.
import { type FormEvent, useEffect, useState } from 'react';
import type { Session } from '../model/shapes.ts';
import { ago } from '../model/times.ts';
import { useNow } from '../state/attention.ts';
import { useClient, useParley } from '../state/client.tsx';
import { useEnterSends } from '../state/preferences.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Choices, Field, ProblemNote } from '../ui/field.tsx';
import { say, sayProblem } from '../ui/toasts.tsx';
import { DeleteAccount } from './delete-account.tsx';
import { NotificationSettings } from './notification-settings.tsx';

const ENTER = [
  { value: 'sends', label: 'Enter sends', hint: 'Shift+Enter begins a new line.' },
  { value: 'breaks', label: 'Enter begins a new line', hint: 'Shift+Enter sends.' },
] as const;

export function SettingsDialog({ onClose }: { onClose: () => void }) {
  const parley = useParley();
  const enterSends = useEnterSends();
  return (
    <Dialog title="Settings" onClose={onClose} wide>
      <NameForm />
      <Choices
        legend="While writing"
        value={enterSends ? 'sends' : 'breaks'}
        options={ENTER}
        onChange={(value) => parley.account.setPref('enter-sends', value === 'sends').catch(sayProblem)}
      />
      <NotificationSettings />
      <PasswordForm />
      <Sessions />
      <DeleteAccount />
    </Dialog>
  );
}

function NameForm() {
  const parley = useParley();
  const name = useClient((state) => state.me?.user.name ?? '');
  const [problem, setProblem] = useState<unknown>(null);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const next = String(new FormData(event.currentTarget).get('name') ?? '').trim();
    parley.account.rename(next).then(() => {
      setProblem(null);
      say('Your name was changed.');
    }, setProblem);
  };
  return (
    <form className="form" onSubmit={submit}>
      <div className="copy-line ends">
        <Field label="Display name" name="name" defaultValue={name} required maxLength={64} autoComplete="name" />
        <button type="submit" className="button">
          Save name
        </button>
      </div>
      <ProblemNote problem={problem} />
    </form>
  );
}

function PasswordForm() {
  const parley = useParley();
  const [problem, setProblem] = useState<unknown>(null);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const data = new FormData(form);
    parley.account.changePassword(String(data.get('current')), String(data.get('next'))).then(() => {
      setProblem(null);
      form.reset();
      say('Your password was changed. Other sessions were ended.');
    }, setProblem);
  };
  return (
    <form className="form" onSubmit={submit} aria-label="Change password">
      <div className="two">
        <Field label="Current password" name="current" type="password" required autoComplete="current-password" />
        <Field label="New password" name="next" type="password" required minLength={8} autoComplete="new-password" />
      </div>
      <ProblemNote problem={problem} />
      <div className="dialog-foot">
        <button type="submit" className="button">
          Change password
        </button>
      </div>
    </form>
  );
}

function Sessions() {
  const parley = useParley();
  const now = useNow(60_000);
  const [sessions, setSessions] = useState<readonly Session[]>([]);
  const [problem, setProblem] = useState<unknown>(null);
  useEffect(() => {
    let current = true;
    parley.account.sessions().then(
      (list) => current && setSessions(list),
      (error) => current && setProblem(error),
    );
    return () => {
      current = false;
    };
  }, [parley]);
  const end = (id: string) => parley.account.revoke(id).then(() => setSessions(sessions.filter((session) => session.id !== id)), setProblem);
  return (
    <section aria-label="Sessions">
      <h3 className="section-title">Where you are signed in</h3>
      <ProblemNote problem={problem} />
      <ul className="people">
        {sessions.map((session) => (
          <li className="person-row flush" key={session.id}>
            <span className="who">
              {session.device ?? 'Unnamed device'}
              <small>{session.current ? 'This one' : `Used ${ago(session.lastUsedAt, now)}`}</small>
            </span>
            {!session.current && (
              <button type="button" className="button small danger" onClick={() => end(session.id)} aria-label={`End session ${session.device ?? ''}`}>
                End session
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
