import '../../parts/menu.css';
import { Menu } from '@base-ui/react/menu';
import { type OptionalColumn, optionalColumns } from './optional-columns.ts';
import { rememberColumns } from './use-columns.ts';

const names = Object.keys(optionalColumns) as OptionalColumn[];

/** Chooses the optional columns of the table. It stays open, for several. */
export function ColumnsMenu({
  shown,
  onChange,
}: {
  readonly shown: readonly OptionalColumn[];
  readonly onChange: (columns: readonly OptionalColumn[]) => void;
}) {
  const toggle = (name: OptionalColumn) => {
    const next = names.filter((each) => shown.includes(each) !== (each === name));
    rememberColumns(next);
    onChange(next);
  };
  return (
    <Menu.Root>
      <Menu.Trigger className="button button-small" title="Choose more columns">
        Columns
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner className="menu-positioner" align="end" sideOffset={6}>
          <Menu.Popup className="menu">
            <Menu.Group>
              <Menu.GroupLabel className="menu-label">Also show</Menu.GroupLabel>
              {names.map((name) => (
                <Menu.CheckboxItem
                  key={name}
                  className="menu-item"
                  checked={shown.includes(name)}
                  onCheckedChange={() => toggle(name)}
                >
                  <Menu.CheckboxItemIndicator className="menu-check">✓</Menu.CheckboxItemIndicator>
                  {optionalColumns[name].title}
                </Menu.CheckboxItem>
              ))}
            </Menu.Group>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
