import './dialog.css';
import { Dialog as Base } from '@base-ui/react/dialog';
import type { ReactNode } from 'react';

/** A modal dialog. Without `onClose`, it can only be left by doing what it asks for. */
export function Dialog({
  title,
  isOpen,
  onClose,
  children,
  width = 'normal',
}: {
  readonly title: string;
  readonly isOpen: boolean;
  readonly onClose?: (() => void) | undefined;
  readonly children: ReactNode;
  readonly width?: 'normal' | 'wide';
}) {
  return (
    <Base.Root open={isOpen} onOpenChange={(open) => !open && onClose?.()} modal>
      <Base.Portal>
        <Base.Backdrop className="dialog-backdrop" />
        <Base.Popup className={`dialog dialog-${width}`}>
          <div className="dialog-head">
            <Base.Title className="dialog-title">{title}</Base.Title>
            {onClose !== undefined && (
              <Base.Close className="dialog-close" aria-label="Close">
                ✕
              </Base.Close>
            )}
          </div>
          <div className="dialog-body">{children}</div>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
