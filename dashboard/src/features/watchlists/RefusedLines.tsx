import { SectionLoading } from '@/components/Page';
import { ErrorState } from '@/components/States';

import classes from './sections.module.css';
import { useRefusedLines } from './watchlists';

interface RefusedLinesProps {
  importId: number;
  filename: string;
}

/** Which lines of a file can't be used, with the column and the reason. */
export function RefusedLines({ importId, filename }: RefusedLinesProps) {
  const { data: lines, error, isPending, refetch } = useRefusedLines(importId);
  if (isPending) return <SectionLoading label="Loading the refused lines" />;
  if (lines === undefined) {
    return (
      <ErrorState
        title="The refused lines could not be loaded"
        error={error}
        onRetry={() => void refetch()}
      />
    );
  }
  return (
    <div className={classes.table}>
      <table>
        <caption className="visually-hidden">Refused lines of {filename}</caption>
        <thead>
          <tr>
            <th scope="col">Line</th>
            <th scope="col">Column</th>
            <th scope="col">Reason</th>
          </tr>
        </thead>
        <tbody>
          {lines.map(({ line, field, message }) => (
            <tr key={`${line} ${field}`}>
              <td>{line}</td>
              <td>{field}</td>
              <td>{message}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
