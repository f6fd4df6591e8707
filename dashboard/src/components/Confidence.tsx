import classes from './Confidence.module.css';

/** From here on a reading needs no second look. */
export const SURE_FROM = 0.9;
/** Below this a reading is a guess. */
export const GUESS_BELOW = 0.7;

export type Tone = 'sure' | 'fair' | 'guess';

/** How far a confidence of 0 to 1 can be trusted. */
export function toneOf(confidence: number): Tone {
  if (confidence >= SURE_FROM) return 'sure';
  return confidence < GUESS_BELOW ? 'guess' : 'fair';
}

/** A confidence of 0 to 1 as whole per cent; never 100 unless it is exactly 1. */
export function percent(confidence: number): number {
  return confidence === 1 ? 100 : Math.min(99, Math.round(confidence * 100));
}

/** A small meter with its figure. */
export function Confidence({ value }: { value: number }) {
  return (
    <span className={classes.confidence} data-tone={toneOf(value)} title="Confidence">
      <span className={classes.track} aria-hidden="true">
        <span className={classes.fill} style={{ width: `${percent(value)}%` }} />
      </span>
      <span className={classes.figure}>
        <span className="visually-hidden">Confidence </span>
        {percent(value)}%
      </span>
    </span>
  );
}

interface CharacterConfidenceProps {
  characters: readonly (readonly [string, number])[];
}

/** Each character over a bar as tall as its confidence; doubtful ones are tinted. */
export function CharacterConfidence({ characters }: CharacterConfidenceProps) {
  return (
    <ol className={classes.characters} aria-label="Confidence of each character">
      {characters.map(([character, confidence], index) => (
        <li
          // A plate may repeat a character, and its place never changes.
          key={index}
          className={classes.character}
          data-tone={toneOf(confidence)}
          title={`${character}: ${percent(confidence)}%`}
        >
          <span className={classes.glyph} aria-hidden="true">
            {character}
          </span>
          <span className={classes.well} aria-hidden="true">
            <span className={classes.level} style={{ height: `${percent(confidence)}%` }} />
          </span>
          <span className={classes.small} aria-hidden="true">
            {percent(confidence)}
          </span>
          <span className="visually-hidden">
            {character}, {percent(confidence)} per cent
          </span>
        </li>
      ))}
    </ol>
  );
}
