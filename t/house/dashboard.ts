// conf/grafana.json comes behind this: it compiles if Grafana's own types take it, of the dashboard
// as of its panels, which have more members than those of every panel.
import type { Dashboard, DataQuery, DataSourceRef, FieldConfigSource, GraphFieldConfig, Panel, StackingMode } from '@grafana/schema';

// What the data source for Prometheus has in a query.
interface Target extends DataQuery { refId: string; expr: string; legendFormat?: string }

interface Graph extends Omit<Panel, 'fieldConfig' | 'targets'> {
    type: 'timeseries' | 'stat';
    datasource: DataSourceRef;
    targets: Target[];
    fieldConfig: FieldConfigSource & {
        defaults: { custom?: Omit<GraphFieldConfig, 'stacking'> & { stacking?: { mode: `${StackingMode}` } } };
    };
}

export const dashboard: Omit<Dashboard, 'panels'> & { panels: Graph[] } =
