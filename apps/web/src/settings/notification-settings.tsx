// How I am told while I am away: push on this browser, letters, quiet hours.
import { Bell, BellOff } from 'lucide-react';
import { type FormEvent, useEffect, useState } from 'react';
import type { NotificationPreferences } from '../model/shapes.ts';
import { useParley } from '../state/client.tsx';
import { type PushHere, pushHere, turnPushOff, turnPushOn } from '../state/push.ts';
import { Field, ProblemNote } from '../ui/field.tsx';
import { say } from '../ui/toasts.tsx';

const PUSH_WORDS: Record<PushHere, string> = {
  absent: 'This browser shows no notifications here. It needs https, and on a phone the app on its home screen.',
  denied: 'You told this browser to show no notifications from here. Allow them in its settings first.',
  off: 'When you are away you are told of mentions and direct messages.',
  on: 'This browser shows notifications while you are away.',
};

export function NotificationSettings() {
  const parley = useParley();
  const [preferences, setPreferences] = useState<NotificationPreferences | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  useEffect(() => {
    let current = true;
    parley.notifications.preferences().then(
      (loaded) => current && setPreferences(loaded),
      (error) => current && setProblem(error),
    );
    return () => {
      current = false;
    };
  }, [parley]);
  return (
    <section aria-label="Notifications" className="form">
      <h3 className="section-title">Notifications</h3>
      <PushHereSwitch />
      <ProblemNote problem={problem} />
      {preferences !== null && <QuietForm preferences={preferences} onChange={setPreferences} />}
      {preferences?.mailAvailable === true && <AddressForm preferences={preferences} onChange={setPreferences} />}
    </section>
  );
}

function PushHereSwitch() {
  const parley = useParley();
  const [here, setHere] = useState<PushHere | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  useEffect(() => {
    pushHere().then(setHere, setProblem);
  }, []);
  const turn = () =>
    (here === 'on' ? turnPushOff(parley) : turnPushOn(parley)).then((now) => {
      setHere(now);
      setProblem(null);
    }, setProblem);
  const Icon = here === 'on' ? BellOff : Bell;
  return (
    <>
      <p className="aside">{here === null ? ' ' : PUSH_WORDS[here]}</p>
      {(here === 'on' || here === 'off') && (
        <div>
          <button type="button" className="button" aria-pressed={here === 'on'} onClick={turn}>
            <Icon size={16} aria-hidden="true" /> {here === 'on' ? 'Turn off in this browser' : 'Turn on in this browser'}
          </button>
        </div>
      )}
      <ProblemNote problem={problem} />
    </>
  );
}

interface FormProps {
  readonly preferences: NotificationPreferences;
  readonly onChange: (preferences: NotificationPreferences) => void;
}

function QuietForm({ preferences, onChange }: FormProps) {
  const parley = useParley();
  const [problem, setProblem] = useState<unknown>(null);
  const { quiet } = preferences;
  const save = (next: NotificationPreferences['quiet'], words: string) =>
    parley.notifications.setPreferences({ quiet: next }).then((saved) => {
      onChange(saved);
      setProblem(null);
      say(words);
    }, setProblem);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
    void save({ from: String(data.get('from')), to: String(data.get('to')), zone: timeZone }, 'Quiet hours were saved.');
  };
  return (
    <form className="form" aria-label="Quiet hours" onSubmit={submit} key={quiet === null ? 'none' : `${quiet.from}-${quiet.to}`}>
      <div className="two">
        <Field label="Quiet from" name="from" type="time" required defaultValue={quiet?.from ?? '22:00'} />
        <Field label="until" name="to" type="time" required defaultValue={quiet?.to ?? '07:00'} />
      </div>
      <p className="aside">{quiet === null ? 'No quiet hours are set.' : `Nothing is shown or sent then (${quiet.zone}); it waits until the end.`}</p>
      <ProblemNote problem={problem} />
      <div className="dialog-foot">
        {quiet !== null && (
          <button type="button" className="button" onClick={() => save(null, 'There are no quiet hours any more.')}>
            No quiet hours
          </button>
        )}
        <button type="submit" className="button">
          Save quiet hours
        </button>
      </div>
    </form>
  );
}

function AddressForm({ preferences, onChange }: FormProps) {
  const parley = useParley();
  const [problem, setProblem] = useState<unknown>(null);
  const { address, confirmed } = preferences;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const next = String(new FormData(event.currentTarget).get('address') ?? '').trim();
    parley.notifications.setAddress(next === '' ? null : next).then((saved) => {
      onChange(saved);
      setProblem(null);
      say(next === '' ? 'There will be no letters.' : 'A letter was sent there. Follow its link.');
    }, setProblem);
  };
  const hint =
    address === null ? 'Unread mentions are sent there, a few at a time.' : confirmed ? 'Confirmed.' : 'Not confirmed yet: follow the link in the letter.';
  return (
    <form className="form" onSubmit={submit}>
      <div className="copy-line ends">
        <Field label="Mail address" name="address" type="email" defaultValue={address ?? ''} maxLength={254} autoComplete="email" hint={hint} />
        <button type="submit" className="button">
          Save address
        </button>
      </div>
      <ProblemNote problem={problem} />
    </form>
  );
}
