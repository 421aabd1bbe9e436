/** The type of a translation: the keys of the English catalogue, except plural forms that the other language lacks. */
export type Translated<English> = {
  readonly [Key in keyof English as Key extends `${string}_one` ? never : Key]: English[Key] extends string
    ? string
    : Translated<English[Key]>;
};
