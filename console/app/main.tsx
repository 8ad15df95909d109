import './look/tokens.css';
import './look/base.css';
import { StrictMode, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';

function Readiness() {
  const [text, setText] = useState('');
  useEffect(() => {
    void fetch('/readyz')
      .then((response) => response.json() as Promise<{ ready: boolean; reasons: readonly string[] }>)
      .then(({ ready, reasons }) => setText(ready ? 'This gateway is ready.' : reasons.join(' ')));
  }, []);
  return <p>{text}</p>;
}

const root = document.getElementById('root');
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <Readiness />
    </StrictMode>,
  );
}
