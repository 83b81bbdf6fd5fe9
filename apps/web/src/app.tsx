// Which page is shown: nothing while the session is looked for, the sign-in page, or the frame.
import { lazy, Suspense, useEffect, useState } from 'react';
import { Frame } from './frame/frame.tsx';
import { useClient, useParley } from './state/client.tsx';
import { useShownTheme } from './state/preferences.ts';
import { Toasts } from './ui/toasts.tsx';

const SignInPage = lazy(() => import('./sign-in/sign-in-page.tsx').then((module) => ({ default: module.SignInPage })));

export function App() {
  const parley = useParley();
  const [ready, setReady] = useState(false);
  const signedIn = useClient((state) => state.me !== null && state.status !== 'signed-out');
  useShownTheme();
  useEffect(() => {
    let current = true;
    parley
      .restore()
      .catch(() => false)
      .then(
        (restored) => {
          if (!current) return;
          setReady(true);
          // Reconnecting is the SDK's own work; a refusal shows as a change of status.
          if (restored) parley.connect().catch(() => {});
        },
        () => {},
      );
    return () => {
      current = false;
    };
  }, [parley]);
  if (!ready) return null;
  return (
    <>
      {signedIn ? (
        <Frame />
      ) : (
        <Suspense>
          <SignInPage />
        </Suspense>
      )}
      <Toasts />
    </>
  );
}
