// Starts the client: one Parley for this page, the theme before the first paint, then the app.
import { createParley } from '@parley/sdk';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { ClientProvider } from './state/client.tsx';
import { deviceName } from './state/device-name.ts';
import { showTheme, storedTheme } from './state/preferences.ts';
import { createTraceTeller } from './state/traces.ts';
import './style/all.css';

showTheme(storedTheme());
const traces = createTraceTeller(() => parley);
const parley = createParley({ url: location.origin, device: deviceName(navigator.userAgent), onTrace: traces.add });
const root = document.getElementById('root');
if (root !== null) {
  createRoot(root).render(
    <ClientProvider parley={parley}>
      <App />
    </ClientProvider>,
  );
}
