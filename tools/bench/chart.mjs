import * as echarts from 'echarts'
import { peers } from './page.mjs'

const [ink, muted, line, paper] = ['#1f2933', '#616e7c', '#cbd2d9', '#ffffff']
const colours = { faster: '#2b6cb0', slower: '#c05621' }
const [width, rowHeight, above, below] = [860, 24, 16, 56]

/**
 * A plot of the ratios to PyTorch, as SVG: a point a step on a logarithmic axis, and a line at 1.
 *
 * @param {import('./record.mjs').BenchRecord} record
 */
export const benchChart = ({ rows }) => {
  const ratios = peers(rows, 'PyTorch').map(({ ours, peer }) => ({ step: ours.step, ratio: ours.minimumMilliseconds / peer.minimumMilliseconds }))
  const reach = Math.max(2, ...ratios.map(({ ratio }) => Math.max(ratio, 1 / ratio))) * 1.2
  const height = above + below + rowHeight * Math.max(1, ratios.length)
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height })
  try {
    chart.setOption({
      animation: false,
      backgroundColor: paper,
      textStyle: { fontFamily: 'system-ui, sans-serif' },
      grid: { left: 250, right: 60, top: above, bottom: below },
      xAxis: {
        type: 'log',
        min: 1 / reach,
        max: reach,
        name: 'our time ÷ that of the fastest form in PyTorch (left of the line: ours is faster)',
        nameLocation: 'middle',
        nameGap: 32,
        nameTextStyle: { color: ink },
        axisLabel: { color: muted, formatter: (/** @type {number} */ value) => String(Number(value.toPrecision(2))) },
        splitLine: { lineStyle: { color: line } },
      },
      yAxis: { type: 'category', inverse: true, data: ratios.map(({ step }) => step), axisLabel: { color: ink }, axisTick: { show: false }, axisLine: { lineStyle: { color: line } } },
      series: [
        {
          type: 'scatter',
          silent: true,
          symbolSize: 11,
          data: ratios.map(({ step, ratio }) => ({ value: [ratio, step], name: ratio.toFixed(2), itemStyle: { color: ratio <= 1 ? colours.faster : colours.slower } })),
          label: { show: true, position: 'right', formatter: '{b}', color: ink, backgroundColor: paper, padding: [1, 2] },
          markLine: { silent: true, symbol: 'none', label: { show: false }, lineStyle: { color: muted, type: 'solid' }, data: [{ xAxis: 1 }] },
        },
      ],
    })
    const description = `Our time over that of PyTorch: ${ratios.map(({ step, ratio }) => `${step} ${ratio.toFixed(2)}`).join(', ')}`
    // What echarts adds for pointers is of no use in a picture.
    const svg = chart.renderToSVGString({ useViewBox: true }).replace(/<style[\s\S]*?<\/style>/g, '').replace(/ (class|pointer-events|ecmeta_\w+)="[^"]*"/g, '').replace(/zr\d+-/g, 'chart-')
    return `${svg.replace('<svg ', `<svg role="img" aria-label="${description}" `)}\n`
  } finally {
    chart.dispose()
  }
}
