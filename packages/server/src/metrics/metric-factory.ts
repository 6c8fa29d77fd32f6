import { Counter, Gauge, type Registry } from 'prom-client'

/** The prefix of the names of all our metrics. */
export const METRIC_PREFIX = 'aws_iam_authenticator_'

/** Creates metrics in a registry. Names are without {@link METRIC_PREFIX}. */
interface MetricFactory {
  readonly counter: <Label extends string = never>(
    name: string,
    help: string,
    labelNames?: readonly Label[],
  ) => Counter<Label>
  /** @param collect Sets the gauge before each scrape. */
  readonly gauge: <Label extends string = never>(
    name: string,
    help: string,
    labelNames?: readonly Label[],
    collect?: (gauge: Gauge<Label>) => void,
  ) => Gauge<Label>
}

export function createMetricFactory(registry: Registry): MetricFactory {
  const registers = [registry]
  return {
    counter: (name, help, labelNames = []) => new Counter({ name: METRIC_PREFIX + name, help, labelNames, registers }),
    gauge: (name, help, labelNames = [], collect = () => undefined) =>
      new Gauge({
        name: METRIC_PREFIX + name,
        help,
        labelNames,
        registers,
        collect() {
          collect(this)
        },
      }),
  }
}
